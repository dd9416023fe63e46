import { deadline } from "@std/async/deadline";
import type { ConnectionCheck } from "../system/network/connection_owner.ts";
import type { ConnectionTraffic } from "./callback_traffic.ts";

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
export class RelayedConnection {
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
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
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
