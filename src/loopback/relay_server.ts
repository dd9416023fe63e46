import { delay } from "@std/async/delay";
import type { ConnectionCheck } from "../system/network/connection_owner.ts";
import type { ConnectionTraffic } from "./callback_traffic.ts";
import { RelayedConnection, settledWithin } from "./relayed_connection.ts";

export interface ServeOptions {
  readonly handle: (request: Request) => Response | Promise<Response>;
  /** Makes the response if `handle` throws. */
  readonly handleFailure: () => Response;
  /** Counts the connections that send no request. */
  readonly traffic: ConnectionTraffic;
  /** Decides who may connect. */
  readonly isAllowed: ConnectionCheck;
}

export interface RelayServer {
  /** Frees the ports at once, and resolves within about a second whatever the clients do. */
  close(): Promise<void>;
}

/** How long a response that is being sent may take once the server is closed. */
const CLOSE_MS = 1_000;

/** More connections than a browser opens, and few enough for the limit of open files: each has two sockets. */
export const MAX_CONNECTIONS = 400;

/** How long to pause a listener that fails to accept, for instance because too many files are open. */
const ACCEPT_RETRY_MS = 20;

/**
 * Responds to the requests that arrive at `listeners`. Each connection is relayed to a `Deno.serve` that listens on
 * another loopback port and accepts nothing else. The relay counts the connections that never send a request, limits how
 * many are open, and can close them all without waiting for the clients. At the limit it closes the oldest connection
 * without a request.
 */
export function startRelayServer(
  listeners: readonly Deno.TcpListener[],
  { handle, handleFailure, traffic, isAllowed }: ServeOptions,
): RelayServer {
  const relays = new Set<RelayedConnection>();
  /** The relayed connections, by the address and port from which each reaches the inner server. */
  const relaysBySource = new Map<string, RelayedConnection>();
  const stopped = new AbortController();
  const [{ addr: { hostname } } = { addr: { hostname: "127.0.0.1" } }] = listeners;
  const server = Deno.serve({
    hostname,
    port: 0,
    signal: stopped.signal,
    // The default prints the address.
    onListen: () => {},
    // The default prints the error.
    onError: handleFailure,
  }, async (request, { remoteAddr }) => {
    const relay = relaysBySource.get(sourceOf(remoteAddr));
    if (relay === undefined || !relay.startResponse()) return new Response(null, { status: 403 });
    const { body, ...response } = await readWhole(await respond(request));
    relay.expectBody(request.method === "HEAD" ? 0 : body.length);
    return new Response(response.status === 204 ? null : body, response);
  });

  async function respond(request: Request): Promise<Response> {
    try {
      return await handle(request);
    } catch {
      return handleFailure();
    }
  }

  async function connect(relay: RelayedConnection): Promise<Deno.Conn> {
    const connection = await Deno.connect({ hostname, port: server.addr.port });
    const source = sourceOf(connection.localAddr);
    relaysBySource.set(source, relay);
    relay.closed.finally(() => relaysBySource.delete(source));
    return connection;
  }

  function relay(connection: Deno.TcpConn): void {
    if (relays.size >= MAX_CONNECTIONS) {
      const oldest = [...relays].find(({ isResponding }) => !isResponding);
      if (oldest === undefined) return connection.close();
      oldest.close();
    }
    const relay = new RelayedConnection(connection, traffic, connect, isAllowed);
    relays.add(relay);
    relay.closed.finally(() => relays.delete(relay));
  }

  async function accept(listener: Deno.TcpListener): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        relay(await listener.accept());
      } catch {
        await delay(ACCEPT_RETRY_MS, { signal: stopped.signal }).catch(() => {});
      }
    }
  }

  const accepting = listeners.map(accept);
  async function close(): Promise<void> {
    for (const listener of listeners) listener.close();
    const responding = [...relays].filter(({ isResponding }) => isResponding).map(({ responded }) =>
      responded
    );
    await settledWithin(Promise.all(responding), CLOSE_MS);
    // Not shutdown(): it waits without a limit for clients that stop in the middle of a request.
    stopped.abort();
    for (const relay of relays) relay.close();
    await Promise.all([...[...relays].map(({ closed }) => closed), ...accepting, server.finished]);
  }
  let closing: Promise<void> | null = null;
  return { close: () => closing ??= close() };
}

/** Returns address and port: the same port exists on every loopback address, 127.0.0.2 for instance. */
function sourceOf(address: Deno.Addr): string {
  return "hostname" in address ? `${address.hostname} ${address.port}` : "";
}

/**
 * Reads the whole response, and announces that no other one follows on its connection. Deno before 2.8 compresses a body
 * unless the response forbids it; the relay would then wait for bytes that never come, and the client reuse the connection.
 */
async function readWhole(response: Response) {
  const headers = new Headers(response.headers);
  const cache = headers.get("cache-control");
  headers.set("cache-control", cache === null ? "no-transform" : `${cache}, no-transform`);
  headers.set("connection", "close");
  return { status: response.status, headers, body: new Uint8Array(await response.arrayBuffer()) };
}
