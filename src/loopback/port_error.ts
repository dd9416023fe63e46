import { CliError } from "../errors.ts";
import type { Os } from "../system/os.ts";
import type { PortChoice } from "./port_choice.ts";

/**
 * Why a port could not be had: another program listens on it, or the system keeps it (ports below 1024 on Unix, the
 * blocks that Windows reserves).
 */
export type PortRefusal = "in-use" | "reserved";

/** The error for a `choice` that gave no port; `refusal` is what became of the last one tried. */
export function portError(choice: PortChoice, refusal: PortRefusal, os: Os): CliError {
  switch (choice.kind) {
    case "exact":
      return refusal === "in-use" ? portInUse(choice.port, os) : portReserved(choice.port);
    case "range":
      return new CliError("port_in_use", `No port from ${choice.first} to ${choice.last} is free`, {
        hint: [
          "Name another range with --port-range, or leave it out to use a random free port.",
          `See what uses a port: ${whoListens(choice.first, os)}`,
        ].join("\n"),
      });
    case "random":
      return new CliError("port_in_use", "No free port was found between 49152 and 65535", {
        hint: "Name a port that is free: --port 8080.",
      });
  }
}

/** The error for a denied Deno permission to listen on the loopback addresses. */
export function listenNotPermitted(cause: unknown): CliError {
  return new CliError("permission", "Deno was not allowed to listen for the sign-in on this machine", {
    hint: "Add --allow-net=127.0.0.1,[::1] to what Deno may do.",
    cause,
  });
}

function portInUse(port: number, os: Os): CliError {
  return new CliError("port_in_use", `Port ${port} is already in use`, {
    hint: [
      `Use another port: --port ${otherPort(port)}`,
      "Or leave --port out to use a random free port.",
      `See what uses it: ${whoListens(port, os)}`,
    ].join("\n"),
  });
}

function portReserved(port: number): CliError {
  const reason = port < 1024
    ? "Ports below 1024 often need administrator rights"
    : "The system keeps it for itself";
  return new CliError("port_in_use", `The system does not allow listening on port ${port}`, {
    hint: [
      `${reason}. Use another port: --port ${port < 1024 ? 8080 : otherPort(port)}`,
      "Or leave --port out to use a random free port.",
    ].join(
      "\n",
    ),
  });
}

function otherPort(port: number): number {
  return port < 65535 ? port + 1 : port - 1;
}

function whoListens(port: number, os: Os): string {
  return os === "windows" ? `netstat -ano | findstr :${port}` : `lsof -i :${port}`;
}
