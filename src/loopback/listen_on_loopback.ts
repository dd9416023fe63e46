import { CliError } from "../errors.ts";
import type { ConnectionCheck } from "../system/network/connection_owner.ts";
import type { Os } from "../system/os.ts";
import type { ConnectionTraffic } from "./callback_traffic.ts";
import { startRelayServer } from "./relay_server.ts";

/** The ports to try: any free one, exactly one, or the first free one of a range. */
export type PortChoice =
  | { kind: "random" }
  | { kind: "exact"; port: number }
  | { kind: "range"; first: number; last: number };

/** An open port on the loopback addresses. Disposing of it frees the port within about a second. */
export interface LoopbackListener extends AsyncDisposable {
  readonly port: number;
}

export interface LoopbackOptions {
  readonly handle: (request: Request, port: number) => Response | Promise<Response>;
  /** Makes the response if `handle` throws. */
  readonly handleFailure: () => Response;
  /** Counts the connections that send no request. */
  readonly traffic: ConnectionTraffic;
  /** Decides who may connect; everyone by default. */
  readonly isAllowed?: ConnectionCheck;
  /** The addresses to listen on; the loopback addresses by default. */
  readonly addresses?: readonly string[];
  /** Selects the commands that an error names. */
  readonly os: Os;
}

/**
 * Both addresses, because `localhost` can mean either to a browser (RFC 8252 section 7.3), and no others: the port must not
 * be reachable from other machines (section 8.3).
 */
const ADDRESSES = ["127.0.0.1", "::1"] as const;

/**
 * Listens on one port of `choice`, on both loopback addresses or on the one that exists. Takes the first candidate that is
 * free on both addresses.
 *
 * @throws {CliError} `port_in_use` if no candidate is free, `permission` if Deno may not listen, `network` if the machine
 * has no loopback address.
 */
export function listenOnLoopback(choice: PortChoice, options: LoopbackOptions): LoopbackListener {
  return withoutServeAddress(() => listenOnFirstFree(choice, options));
}

function listenOnFirstFree(choice: PortChoice, options: LoopbackOptions): LoopbackListener {
  let refusal: PortRefusal = "in-use";
  for (const port of candidatePorts(choice)) {
    const outcome = tryPort(port, options);
    if (typeof outcome !== "string") return outcome;
    refusal = outcome;
  }
  throw portError(choice, refusal, options.os);
}

/** The variable by which the user of `Deno.serve` moves it to another address, or makes it listen on one more. */
const SERVE_ADDRESS = "DENO_SERVE_ADDRESS";

/** Runs `serve`, which calls `Deno.serve`, without the variable {@linkcode SERVE_ADDRESS}. */
function withoutServeAddress<T>(serve: () => T): T {
  const address = readServeAddress();
  if (address === undefined) return serve();
  Deno.env.delete(SERVE_ADDRESS);
  try {
    return serve();
  } finally {
    // Programs that this one starts get it as it was.
    Deno.env.set(SERVE_ADDRESS, address);
  }
}

function readServeAddress(): string | undefined {
  try {
    return Deno.env.get(SERVE_ADDRESS);
  } catch (error) {
    // Deno.serve ignores it too.
    if (error instanceof Deno.errors.InvalidData) return undefined;
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new CliError("permission", `Reading the environment variable ${SERVE_ADDRESS} is not permitted`, {
      hint: Deno.build.standalone
        ? "Sign in with --flow device-code, or use a release of this program."
        : `Add the Deno flag --allow-env=${SERVE_ADDRESS}`,
      cause: error,
    });
  }
}

/** The ports that IANA reserves for dynamic use (RFC 6335 section 6): 2^14, so that 14 random bits select one without bias. */
const FIRST_DYNAMIC_PORT = 49152;
const DYNAMIC_PORT_MASK = 0x3fff;

/** Enough even on Windows, which reserves whole blocks of ports. */
const RANDOM_ATTEMPTS = 100;

/** Yields the ports to try for `choice`, in order. */
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

function randomPort(): number {
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
  return FIRST_DYNAMIC_PORT + (random & DYNAMIC_PORT_MASK);
}

function tryPort(port: number, options: LoopbackOptions): LoopbackListener | PortRefusal {
  const listeners: Deno.TcpListener[] = [];
  let missingAddress: unknown;
  for (const hostname of options.addresses ?? ADDRESSES) {
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
  const { handle, handleFailure, traffic, isAllowed = () => Promise.resolve(true) } = options;
  const server = startRelayServer(listeners, {
    handle: (request) => handle(request, port),
    handleFailure,
    traffic,
    isAllowed,
  });
  return { port, [Symbol.asyncDispose]: () => server.close() };
}

function isAddressMissing(error: unknown): boolean {
  if (error instanceof Deno.errors.AddrNotAvailable) return true;
  // Deno has no class for an address family that the system does not support.
  return error instanceof Error && "code" in error && error.code === "EAFNOSUPPORT";
}

/** Another program listens on the port, or the system reserves it: below 1024 on Unix, whole blocks on Windows. */
export type PortRefusal = "in-use" | "reserved";

/** Returns the reason to try another port, or throws. Windows reports a reserved port as missing rights (EACCES). */
function portRefusal(error: unknown): PortRefusal {
  if (error instanceof Deno.errors.AddrInUse) return "in-use";
  if (error instanceof Deno.errors.PermissionDenied) return "reserved";
  if (error instanceof Deno.errors.NotCapable) throw listenNotPermitted(error);
  throw error;
}

/** Returns the error for a `choice` without a free port. `refusal` is that of the last port tried. */
export function portError(choice: PortChoice, refusal: PortRefusal, os: Os): CliError {
  switch (choice.kind) {
    case "exact":
      return refusal === "in-use" ? portInUse(choice.port, os) : portReserved(choice.port);
    case "range":
      return new CliError("port_in_use", `No port from ${choice.first} to ${choice.last} is free`, {
        hint: [
          "Name another range with --port-range, or omit it to use a random free port.",
          `See what uses a port: ${listenerCommand(choice.first, os)}`,
        ].join("\n"),
      });
    case "random":
      return new CliError("port_in_use", "No free port was found between 49152 and 65535", {
        hint: "Name a free port: --port 8080",
      });
  }
}

/** Returns the error for a missing Deno permission to listen. */
export function listenNotPermitted(cause: unknown): CliError {
  return new CliError("permission", "Deno is not allowed to listen on a loopback port", {
    hint: Deno.build.standalone
      ? "Sign in with --flow device-code, or use a release of this program."
      : "Add the Deno flag --allow-net=127.0.0.1,[::1]",
    cause,
  });
}

function portInUse(port: number, os: Os): CliError {
  return new CliError("port_in_use", `Port ${port} is already in use`, {
    hint: [
      `Use another port: --port ${otherPort(port)}`,
      "Or omit --port to use a random free port.",
      `See what uses it: ${listenerCommand(port, os)}`,
    ].join("\n"),
  });
}

function portReserved(port: number): CliError {
  const reason = port < 1024 ? "Ports below 1024 often need administrator rights" : "The system reserves it";
  return new CliError("port_in_use", `The system does not allow listening on port ${port}`, {
    hint: [
      `${reason}. Use another port: --port ${port < 1024 ? 8080 : otherPort(port)}`,
      "Or omit --port to use a random free port.",
    ].join("\n"),
  });
}

function otherPort(port: number): number {
  return port < 65535 ? port + 1 : port - 1;
}

/** Returns the command that shows which program listens on `port`. */
function listenerCommand(port: number, os: Os): string {
  return os === "windows" ? `netstat -ano | findstr :${port}` : `lsof -i :${port}`;
}
