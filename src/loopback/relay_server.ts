import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import type { ConnectionCheck } from "../system/network/connection_owner.ts";
import type { ConnectionTraffic } from "./callback_traffic.ts";

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

/** The first byte of a TLS connection: a record of type handshake (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 22;

/** The start of the HTTP/2 preface (RFC 9113 section 3.4). No browser uses HTTP/2 without TLS. */
const HTTP2_PREFACE = "PRI ";

/** How long a client may send after its response. Closing earlier makes the client's system discard the response. */
const LINGER_MS = 1_000;

const BUFFER_SIZE = 16_384;

/**
 * A client's connection, relayed to the inner server once the client has sent something. It carries one request.
 * `Deno.serve` does not report connections without a request; this class counts them.
 */
class RelayedConnection {
  /** Resolves when the response was sent completely, or cannot be any more. Never rejects. */
  readonly responded: Promise<void>;
  /** Resolves when both ends are closed. Never rejects. */
  readonly closed: Promise<void>;
  readonly #outer: Deno.Conn;
  readonly #traffic: ConnectionTraffic;
  readonly #responseEnd = new ResponseEnd();
  readonly #response = Promise.withResolvers<void>();
  #inner: Deno.Conn | null = null;
  #state: "no-request" | "responding" | "over" = "no-request";

  /**
   * Takes ownership of `outer` and counts it in `traffic`. `connect` opens a connection to the inner server; it gets this
   * object, to identify the request of that connection. Nothing is read from a connection that `isAllowed` refuses.
   */
  constructor(
    outer: Deno.TcpConn,
    traffic: ConnectionTraffic,
    connect: (relayed: RelayedConnection) => Promise<Deno.Conn>,
    isAllowed: ConnectionCheck,
  ) {
    this.#outer = outer;
    this.#traffic = traffic;
    this.responded = this.#response.promise;
    this.closed = this.#relayIfAllowed(connect, () => isAllowed(outer)).catch(() => {}).finally(() =>
      this.close()
    );
  }

  /** Whether the inner server is handling a request of this connection. */
  get isResponding(): boolean {
    return this.#state === "responding";
  }

  /** Notes that the inner server received the request. Returns false if this connection had one before. */
  startResponse(): boolean {
    if (this.#state !== "no-request") return false;
    this.#state = "responding";
    this.#traffic.unreadable--;
    return true;
  }

  /** Sets the length of the response's body. Call it before the response is sent. */
  expectBody(bytes: number): void {
    this.#responseEnd.bodyLength = bytes;
  }

  close(): void {
    for (const connection of [this.#outer, this.#inner]) {
      try {
        connection?.close();
      } catch {
        // It is closed already.
      }
    }
    this.#end();
  }

  #end(): void {
    this.#state = "over";
    this.#response.resolve();
  }

  async #relayIfAllowed(
    connect: (relayed: RelayedConnection) => Promise<Deno.Conn>,
    isAllowed: () => Promise<boolean>,
  ): Promise<void> {
    if (await isAllowed()) return await this.#relay(connect);
    this.#traffic.otherUser++;
  }

  async #relay(connect: (relayed: RelayedConnection) => Promise<Deno.Conn>): Promise<void> {
    const beginning = await this.#readBeginning();
    if (beginning === null) return;
    const inner = this.#inner = await connect(this);
    const sending = this.#relayRequest(inner, beginning);
    await this.#relayResponse(inner);
    this.#end();
    await settledWithin(sending, LINGER_MS);
  }

  /**
   * Forwards what the client sends. Never rejects. The end of the stream follows a complete head only once the response
   * was sent: `Deno.serve` drops a request, even a complete one, whose client ended the stream (seen in 2.9.6). A handler
   * limits its own wait for a body that is cut off.
   */
  async #relayRequest(inner: Deno.Conn, beginning: Uint8Array): Promise<void> {
    const hasHead = headFinder();
    let isComplete = hasHead(beginning);
    try {
      await writeAll(inner, beginning);
      await forward(this.#outer, inner, (bytes) => isComplete ||= hasHead(bytes));
      if (isComplete) await this.responded;
      await inner.closeWrite();
    } catch {
      // One of the two ends was closed.
    }
  }

  async #relayResponse(inner: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(BUFFER_SIZE);
    for (let count; (count = await inner.read(buffer)) !== null;) {
      const bytes = buffer.subarray(0, count);
      await writeAll(this.#outer, bytes);
      if (this.#responseEnd.add(bytes)) break;
    }
    await this.#outer.closeWrite();
  }

  /** Returns the first bytes that the client sends; null if it sends none, TLS or HTTP/2. */
  async #readBeginning(): Promise<Uint8Array | null> {
    this.#traffic.silent++;
    const buffer = new Uint8Array(BUFFER_SIZE);
    const count = await this.#outer.read(buffer);
    if (count === null) return null;
    this.#traffic.silent--;
    if (buffer[0] === TLS_HANDSHAKE) {
      this.#traffic.tls++;
      return null;
    }
    this.#traffic.unreadable++;
    const beginning = buffer.subarray(0, count);
    return new TextDecoder().decode(beginning.subarray(0, HTTP2_PREFACE.length)) === HTTP2_PREFACE
      ? null
      : beginning;
  }
}

/** Forwards all bytes after `inspect` saw them. Once `to` fails, reads and discards the rest. */
async function forward(from: Deno.Conn, to: Deno.Conn, inspect: (bytes: Uint8Array) => void): Promise<void> {
  const buffer = new Uint8Array(BUFFER_SIZE);
  let isOpen = true;
  for (let count; (count = await from.read(buffer)) !== null;) {
    const bytes = buffer.subarray(0, count);
    inspect(bytes);
    isOpen &&= await writeAll(to, bytes).then(() => true, () => false);
  }
}

/** Returns a function that takes the bytes of a request one part after the other, and reports whether its head ended. */
function headFinder(): (bytes: Uint8Array) => boolean {
  let previous = "";
  return (bytes) => {
    const text = previous + new TextDecoder("latin1").decode(bytes);
    previous = text.slice(-3);
    // A server may accept a line feed without a carriage return (RFC 9112 section 2.2).
    return /\n\r?\n/.test(text);
  };
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Waits for `promise`, which never rejects, for at most `ms` milliseconds. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  await deadline(promise, ms).catch(() => {});
}

/**
 * Finds the end of an HTTP/1.1 response in the bytes that the server sends. `Deno.serve` keeps a connection open after a
 * response with `Connection: close` (seen in 2.9.6), so the end of the stream does not tell.
 */
class ResponseEnd {
  /** The length of the body in bytes, set before the first byte arrives. */
  bodyLength: number | null = null;
  #head = "";
  #bodySeen: number | null = null;

  /** Adds bytes of the response, and returns whether it is complete. */
  add(bytes: Uint8Array): boolean {
    if (this.#bodySeen === null) this.#bodySeen = this.#takeHead(bytes);
    else this.#bodySeen += bytes.length;
    return this.#bodySeen !== null && this.bodyLength !== null && this.#bodySeen >= this.bodyLength;
  }

  /** Returns how many bytes follow the head; null while the head is incomplete. */
  #takeHead(bytes: Uint8Array): number | null {
    // Latin-1 gives one character per byte.
    this.#head += new TextDecoder("latin1").decode(bytes);
    for (;;) {
      const end = this.#head.indexOf("\r\n\r\n");
      if (end === -1) return null;
      const rest = this.#head.slice(end + 4);
      // A "100 Continue" precedes the response (RFC 9110 section 15.2).
      if (!/^HTTP\/1\.1 1\d\d /.test(this.#head)) return rest.length;
      this.#head = rest;
    }
  }
}
