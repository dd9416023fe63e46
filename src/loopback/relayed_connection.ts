import type { ConnectionTraffic } from "./callback_traffic.ts";

/** The first byte of a TLS connection: a record of type handshake (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 22;

/** What HTTP/2 begins with (RFC 9113 section 3.4). No browser speaks it without TLS. */
const HTTP2_PREFACE = "PRI ";

/**
 * How long a client may go on sending after its answer. To hang up on one that does makes its system throw the answer
 * away.
 */
const LINGER_MS = 1_000;

const BUFFER_SIZE = 16_384;

/**
 * A connection to the port, which is handed on to the server behind it as soon as it has sent something. It serves one
 * request. Deno's server tells nothing of connections without a request; this does.
 */
export class RelayedConnection {
  /** Settles when the answer has gone to the client as a whole, or can't any more. Never rejects. */
  readonly answered: Promise<void>;
  /** Settles when both ends are closed. Never rejects. */
  readonly closed: Promise<void>;
  readonly #outer: Deno.Conn;
  readonly #traffic: ConnectionTraffic;
  readonly #answerEnd = new ResponseEnd();
  readonly #answer = Promise.withResolvers<void>();
  #inner: Deno.Conn | null = null;
  #state: "no-request" | "answering" | "over" = "no-request";

  /**
   * Takes over `outer`, and counts it in `traffic`. `connect` opens a connection to the server behind: it is given this
   * object, to know it by when its request comes.
   */
  constructor(
    outer: Deno.Conn,
    traffic: ConnectionTraffic,
    connect: (relayed: RelayedConnection) => Promise<Deno.Conn>,
  ) {
    this.#outer = outer;
    this.#traffic = traffic;
    this.answered = this.#answer.promise;
    this.closed = this.#relay(connect).catch(() => {}).finally(() => this.close());
  }

  /** Whether the server behind is busy with a request from here. */
  get isAnswering(): boolean {
    return this.#state === "answering";
  }

  /** Notes that the server behind has a request from here. False where it had one before. */
  noteRequest(): boolean {
    if (this.#state !== "no-request") return false;
    this.#state = "answering";
    this.#traffic.unreadable--;
    return true;
  }

  /** Notes that the answer has a body of so many bytes, before it is sent. */
  noteAnswer(bodyLength: number): void {
    this.#answerEnd.bodyLength = bodyLength;
  }

  /** Hangs up on both ends. */
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
    this.#answer.resolve();
  }

  async #relay(connect: (relayed: RelayedConnection) => Promise<Deno.Conn>): Promise<void> {
    const beginning = await this.#readBeginning();
    if (beginning === null) return;
    const inner = this.#inner = await connect(this);
    await writeAll(inner, beginning);
    const sending = forward(this.#outer, inner);
    await this.#relayAnswer(inner);
    this.#end();
    await settledWithin(sending, LINGER_MS);
  }

  async #relayAnswer(inner: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(BUFFER_SIZE);
    for (let count; (count = await inner.read(buffer)) !== null;) {
      const bytes = buffer.subarray(0, count);
      await writeAll(this.#outer, bytes);
      if (this.#answerEnd.add(bytes)) break;
    }
    await this.#outer.closeWrite();
  }

  /** What the client sends first; null if that is nothing, or not the HTTP that is served here. */
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

/**
 * Hands on what comes, and that it has come to its end. What can't be handed on any more is still read, and dropped. Never
 * rejects.
 */
async function forward(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(BUFFER_SIZE);
  let isOpen = true;
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      isOpen &&= await writeAll(to, buffer.subarray(0, count)).then(() => true, () => false);
    }
    await to.closeWrite();
  } catch {
    // One of the two has hung up, which is its way to end.
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Waits for `promise`, which never rejects, for `ms` milliseconds at most. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(() => timer.resolve(), ms);
  await Promise.race([promise, timer.promise]);
  clearTimeout(timeout);
}

/**
 * Finds the end of an HTTP/1.1 answer in the bytes that the server sends. Deno's own server leaves a connection open
 * after an answer that says `Connection: close` (seen in 2.9.6), so the end of the bytes doesn't tell.
 */
export class ResponseEnd {
  /** How many bytes the body of the answer has, known before the first byte comes. */
  bodyLength: number | null = null;
  #head = "";
  #bodySeen: number | null = null;

  /** Takes what was sent next, and tells whether the answer is whole now. */
  add(bytes: Uint8Array): boolean {
    if (this.#bodySeen === null) this.#bodySeen = this.#takeHead(bytes);
    else this.#bodySeen += bytes.length;
    return this.#bodySeen !== null && this.bodyLength !== null && this.#bodySeen >= this.bodyLength;
  }

  /** How many bytes follow the head; null while it isn't whole. */
  #takeHead(bytes: Uint8Array): number | null {
    // One character a byte, whatever it stands for.
    this.#head += new TextDecoder("latin1").decode(bytes);
    for (;;) {
      const end = this.#head.indexOf("\r\n\r\n");
      if (end === -1) return null;
      const rest = this.#head.slice(end + 4);
      // "100 Continue" (RFC 9110 section 15.2) announces the answer and is none.
      if (!/^HTTP\/1\.1 1\d\d /.test(this.#head)) return rest.length;
      this.#head = rest;
    }
  }
}
