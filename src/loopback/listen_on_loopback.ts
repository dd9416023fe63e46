import { CliError } from "../errors.ts";
import type { Os } from "../system/os.ts";
import type { ConnectionTraffic } from "./callback_traffic.ts";
import { startRelayServer } from "./relay_server.ts";

/** An open port on the loopback addresses. Disposing of it frees the port within about a second. */
export interface LoopbackListener extends AsyncDisposable {
  /** The port that was taken. */
  readonly port: number;
}

/** What {@linkcode listenOnLoopback} needs besides the ports. */
export interface LoopbackOptions {
  /** Answers the requests. */
  readonly handle: (request: Request, port: number) => Response | Promise<Response>;
  /** The answer when `handle` throws. */
  readonly handleFailure: () => Response;
  /** Counts the connections that bring no request. */
  readonly traffic: ConnectionTraffic;
  /** Chooses the commands that an error names. */
  readonly os: Os;
}

/**
 * Both, because `localhost` may mean either to a browser (RFC 8252 §7.3), and only these: the port must not be reachable
 * from elsewhere (§8.3).
 */
const ADDRESSES = ["127.0.0.1", "::1"] as const;

/**
 * Listens on one port of `choice` on both loopback addresses, or on the one there is. The first candidate that no one
 * uses on either address is taken.
 *
 * @throws {CliError} `port_in_use` when no candidate is free, `permission` when Deno may not listen, `network` when the
 * machine has no loopback address.
 */
export function listenOnLoopback(choice: PortChoice, options: LoopbackOptions): LoopbackListener {
  let refusal: PortRefusal = "in-use";
  for (const port of candidatePorts(choice)) {
    const outcome = tryPort(port, options);
    if (typeof outcome !== "string") return outcome;
    refusal = outcome;
  }
  throw portError(choice, refusal, options.os);
}

function tryPort(port: number, options: LoopbackOptions): LoopbackListener | PortRefusal {
  const listeners: Deno.TcpListener[] = [];
  let missingAddress: unknown;
  for (const hostname of ADDRESSES) {
    try {
      listeners.push(Deno.listen({ hostname, port }));
    } catch (error) {
      if (isAddressMissing(error)) {
        missingAddress = error;
        continue;
      }
      for (const listener of listeners) listener.close();
      return portRefusal(error);
    }
  }
  if (listeners.length === 0) {
    throw new CliError("network", "This machine has no loopback address to listen on", {
      hint: "Bring up the loopback interface (127.0.0.1).",
      cause: missingAddress,
    });
  }
  const { handle, handleFailure, traffic } = options;
  const server = startRelayServer(listeners, {
    handle: (request) => handle(request, port),
    handleFailure,
    traffic,
  });
  return { port, [Symbol.asyncDispose]: () => server.close() };
}

function isAddressMissing(error: unknown): boolean {
  if (error instanceof Deno.errors.AddrNotAvailable) return true;
  // Deno has no class for a family the system was built or started without.
  return error instanceof Error && "code" in error && error.code === "EAFNOSUPPORT";
}

/** Whether another candidate may help. Windows refuses the ports it reserves as if it were a matter of rights (EACCES). */
function portRefusal(error: unknown): PortRefusal {
  if (error instanceof Deno.errors.AddrInUse) return "in-use";
  if (error instanceof Deno.errors.PermissionDenied) return "reserved";
  if (error instanceof Deno.errors.NotCapable) throw listenNotPermitted(error);
  throw error;
}

/** Which port the callback server listens on: any free one, exactly one, or the first free one of a range. */
export type PortChoice =
  | { kind: "random" }
  | { kind: "exact"; port: number }
  | { kind: "range"; first: number; last: number };

/**
 * The ports that IANA keeps for short-lived use (RFC 6335 §6): 2^14 of them, so that 14 random bits pick one without
 * bias.
 */
const FIRST_DYNAMIC_PORT = 49152;
const DYNAMIC_PORT_MASK = 0x3fff;

/** How many random ports are tried: enough even where Windows reserves whole blocks of them. */
const RANDOM_ATTEMPTS = 100;

/** The ports to try for `choice`, in the order to try them. */
export function* candidatePorts(choice: PortChoice): Generator<number> {
  switch (choice.kind) {
    case "exact":
      yield choice.port;
      return;
    case "range":
      for (let port = choice.first; port <= choice.last; port++) yield port;
      return;
    case "random":
      for (let attempt = 0; attempt < RANDOM_ATTEMPTS; attempt++) yield randomPort();
  }
}

/** A random port from 49152 to 65535. */
function randomPort(): number {
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
  return FIRST_DYNAMIC_PORT + (random & DYNAMIC_PORT_MASK);
}

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
