import { delay } from "@std/async/delay";
import { CliError } from "../errors.ts";
import type { Os } from "../system/os.ts";
import { candidatePorts, type PortChoice } from "./port_choice.ts";
import { listenNotPermitted, portError, type PortRefusal } from "./port_error.ts";

/** An open port on the loopback addresses. Disposing of it frees the port within about a second. */
export interface LoopbackListener extends AsyncDisposable {
  /** The port that was taken. */
  readonly port: number;
}

/** Answers a request that came in on `port`. */
export type LoopbackHandler = (request: Request, port: number) => Response | Promise<Response>;

/** What {@linkcode listenOnLoopback} needs besides the ports. */
export interface LoopbackOptions {
  /** Answers the requests. */
  readonly handle: LoopbackHandler;
  /** The answer when `handle` throws. */
  readonly handleFailure: () => Response;
  /** Chooses the commands that an error names. */
  readonly os: Os;
}

/**
 * Both, because `localhost` may mean either to a browser (RFC 8252 §7.3), and only these: the port must not be reachable
 * from elsewhere (§8.3).
 */
const ADDRESSES = ["127.0.0.1", "::1"] as const;

/** How long answers that are on their way may take once the listener is being closed. */
const CLOSE_MS = 1_000;

/** Deno calls an answer completed a moment before its last bytes are handed to the system (seen in 2.6.8). */
const FLUSH_MS = 10;

/**
 * Listens on one port of `choice` on both loopback addresses, or on the one there is. The first candidate that no one
 * uses on either address is taken.
 *
 * @throws {CliError} `port_in_use` when no candidate is free, `permission` when Deno may not listen, `network` when the
 * machine has no loopback address.
 */
export async function listenOnLoopback(
  choice: PortChoice,
  options: LoopbackOptions,
): Promise<LoopbackListener> {
  let refusal: PortRefusal = "in-use";
  for (const port of candidatePorts(choice)) {
    const outcome = await tryPort(port, options);
    if (typeof outcome !== "string") return outcome;
    refusal = outcome;
  }
  throw portError(choice, refusal, options.os);
}

async function tryPort(port: number, options: LoopbackOptions): Promise<LoopbackListener | PortRefusal> {
  const servers: LoopbackServer[] = [];
  let missingAddress: unknown;
  for (const hostname of ADDRESSES) {
    try {
      servers.push(serve(hostname, port, options));
    } catch (error) {
      if (isAddressMissing(error)) {
        missingAddress = error;
        continue;
      }
      await closeAll(servers);
      return portRefusal(error);
    }
  }
  if (servers.length === 0) {
    throw new CliError("network", "This machine has no loopback address to listen on", {
      hint: "Bring up the loopback interface (127.0.0.1).",
      cause: missingAddress,
    });
  }
  return { port, [Symbol.asyncDispose]: () => closeAll(servers) };
}

/** A server on one address. */
interface LoopbackServer {
  close(): Promise<void>;
}

function serve(hostname: string, port: number, options: LoopbackOptions): LoopbackServer {
  const stopped = new AbortController();
  const onTheirWay = new Set<Promise<void>>();
  const server = Deno.serve({
    hostname,
    port,
    signal: stopped.signal,
    // Without this Deno prints the address.
    onListen: () => {},
    // Without this Deno prints the error.
    onError: options.handleFailure,
  }, (request, { completed }) => {
    const sent = flushed(completed).finally(() => onTheirWay.delete(sent));
    onTheirWay.add(sent);
    return options.handle(request, port);
  });
  return {
    close: async () => {
      await settledWithin([...onTheirWay], CLOSE_MS);
      // Not shutdown(): it waits without end for clients that stop half-way through a request, and can't be cut short.
      stopped.abort();
      await server.finished;
    },
  };
}

/** Settles, and never rejects, when an answer has gone out or its client has gone away. */
async function flushed(completed: Promise<void>): Promise<void> {
  await completed.catch(() => {});
  await delay(FLUSH_MS);
}

async function settledWithin(promises: readonly Promise<void>[], ms: number): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(() => timer.resolve(), ms);
  await Promise.race([Promise.all(promises), timer.promise]);
  clearTimeout(timeout);
}

async function closeAll(servers: readonly LoopbackServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
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
