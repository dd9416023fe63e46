import { CliError } from "../errors.ts";
import type { Os } from "../system/os.ts";
import type { ConnectionTraffic } from "./callback_traffic.ts";
import { candidatePorts, type PortChoice } from "./port_choice.ts";
import { startRelayServer } from "./relay_server.ts";
import { listenNotPermitted, portError, type PortRefusal } from "./port_error.ts";

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
