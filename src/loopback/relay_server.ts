import { delay } from "@std/async/delay";
import type { ConnectionTraffic } from "./callback_traffic.ts";
import { RelayedConnection, settledWithin } from "./relayed_connection.ts";

/** What {@linkcode startRelayServer} needs besides the listeners. */
export interface ServeOptions {
  /** Answers the requests. */
  readonly handle: (request: Request) => Response | Promise<Response>;
  /** The answer when `handle` throws. */
  readonly handleFailure: () => Response;
  /** Counts the connections that bring no request. */
  readonly traffic: ConnectionTraffic;
}

/** A server behind listeners. */
export interface RelayServer {
  /** Frees the ports at once, and ends within about a second whatever the clients do. */
  close(): Promise<void>;
}

/** How long answers that are on their way may take once the server is being closed. */
const CLOSE_MS = 1_000;

/** More connections than a browser makes, and few enough for the files that a process may have open. */
const MAX_CONNECTIONS = 400;

/** How long to leave a listener alone that can't give a connection, for want of files that may be open, say. */
const REST_MS = 20;

/**
 * Answers the requests that come over `listeners` with `Deno.serve`, which listens on a loopback port of its own and takes
 * nothing but what is relayed from here: so there is an account of connections that never become a request, an upper
 * bound on how many there are, and an end to them all that doesn't depend on the clients. Where there are too many
 * connections the oldest one without a request has to go.
 */
export function startRelayServer(
  listeners: readonly Deno.TcpListener[],
  { handle, handleFailure, traffic }: ServeOptions,
): RelayServer {
  const relays = new Set<RelayedConnection>();
  /** The relayed connections by the port from which each reaches the server. */
  const relaysByPort = new Map<number, RelayedConnection>();
  const stopped = new AbortController();
  const [{ addr: { hostname } } = { addr: { hostname: "127.0.0.1" } }] = listeners;
  const server = Deno.serve({
    hostname,
    port: 0,
    signal: stopped.signal,
    // Without this Deno prints the address.
    onListen: () => {},
    // Without this Deno prints the error.
    onError: handleFailure,
  }, async (request, { remoteAddr }) => {
    const relay = "port" in remoteAddr ? relaysByPort.get(remoteAddr.port) : undefined;
    if (relay === undefined || !relay.noteRequest()) return new Response(null, { status: 403 });
    const { body, ...answer } = await readWhole(await answerOrFailure(request));
    relay.noteAnswer(request.method === "HEAD" ? 0 : body.length);
    return new Response(answer.status === 204 ? null : body, answer);
  });

  async function answerOrFailure(request: Request): Promise<Response> {
    try {
      return await handle(request);
    } catch {
      return handleFailure();
    }
  }

  async function connect(relay: RelayedConnection): Promise<Deno.Conn> {
    const connection = await Deno.connect({ hostname, port: server.addr.port });
    const { port } = connection.localAddr;
    relaysByPort.set(port, relay);
    relay.closed.finally(() => relaysByPort.delete(port));
    return connection;
  }

  function relay(connection: Deno.Conn): void {
    if (relays.size >= MAX_CONNECTIONS) {
      const given = [...relays].find(({ isAnswering }) => !isAnswering);
      if (given === undefined) return connection.close();
      given.close();
    }
    const relay = new RelayedConnection(connection, traffic, connect);
    relays.add(relay);
    relay.closed.finally(() => relays.delete(relay));
  }

  async function accept(listener: Deno.TcpListener): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        relay(await listener.accept());
      } catch {
        await delay(REST_MS, { signal: stopped.signal }).catch(() => {});
      }
    }
  }

  const accepting = listeners.map(accept);
  async function close(): Promise<void> {
    for (const listener of listeners) listener.close();
    const answering = [...relays].filter(({ isAnswering }) => isAnswering).map(({ answered }) => answered);
    await settledWithin(Promise.all(answering), CLOSE_MS);
    // Not shutdown(): it waits without end for clients that stop half-way through a request, and can't be cut short.
    stopped.abort();
    for (const relay of relays) relay.close();
    await Promise.all([...[...relays].map(({ closed }) => closed), ...accepting, server.finished]);
  }
  let closing: Promise<void> | null = null;
  return { close: () => closing ??= close() };
}

/** The parts of a response, its body in hand. */
async function readWhole(response: Response) {
  const { status, headers } = response;
  return { status, headers, body: new Uint8Array(await response.arrayBuffer()) };
}
