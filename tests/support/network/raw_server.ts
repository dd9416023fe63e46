import type { ServerCertificate } from "../provider/certificate.ts";

/** A server that says to each connection what a test wants, byte for byte, and then breaks it off. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** `https://` or `http://`, with localhost and the port. */
  readonly origin: string;
  /** What each connection sent before it was answered, oldest first. */
  readonly received: readonly Uint8Array[];
}

/** Talks to one connection. It need not close it. */
export type Responder = (connection: Deno.Conn, received: Uint8Array) => Promise<unknown>;

/** Listens on a free port of 127.0.0.1, with TLS where there is a certificate, over which it speaks `protocol`. */
export function startRawServer(
  responder: Responder,
  certificate?: ServerCertificate,
  protocol: "http/1.1" | "h2" = "http/1.1",
): RawServer {
  const address = { hostname: "127.0.0.1", port: 0 };
  const listener = certificate === undefined ? Deno.listen(address) : Deno.listenTls({
    ...address,
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    alpnProtocols: [protocol],
  });
  const received: Uint8Array[] = [];
  const open = new Set<Deno.Conn>();
  const talks = new Set<Promise<void>>();

  const serve = async (connection: Deno.Conn) => {
    open.add(connection);
    try {
      const buffer = new Uint8Array(64 * 1024);
      const count = await connection.read(buffer);
      received.push(buffer.slice(0, count ?? 0));
      await responder(connection, buffer.subarray(0, count ?? 0));
    } catch {
      // A client that breaks off is what some tests are about.
    } finally {
      if (open.delete(connection)) connection.close();
    }
  };
  const accepting = (async () => {
    for (;;) {
      try {
        const talking: Promise<void> = serve(await listener.accept()).finally(() => talks.delete(talking));
        talks.add(talking);
      } catch (error) {
        // A handshake that fails is none of the listener's business.
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
      }
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  return {
    port,
    origin: `${certificate === undefined ? "http" : "https"}://localhost:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const connection of open) connection.close();
      open.clear();
      await Promise.all(talks);
    },
  };
}

/** Responder that is `data`, after which the connection is broken off. */
export function respond(data: string | Uint8Array): Responder {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return (connection) => sendAll(connection, bytes);
}

/** Responder that is `data`, after which nothing more comes and the connection stays. */
export function respondAndWait(data: string | Uint8Array): Responder {
  return async (connection, received) => {
    await respond(data)(connection, received);
    await connection.read(new Uint8Array(1));
  };
}

/** Sends all of `data`. */
export async function sendAll(connection: Deno.Conn, data: Uint8Array): Promise<void> {
  for (let sent = 0; sent < data.length;) sent += await connection.write(data.subarray(sent));
}

/**
 * Opens a port that neither accepts nor refuses connections, as if packets were dropped. Default: a free one of
 * 127.0.0.1.
 */
export async function openBlackHole(
  hostname = "127.0.0.1",
  wantedPort = 0,
): Promise<{ readonly port: number } & Disposable> {
  const listener = Deno.listen({ hostname, port: wantedPort, tcpBacklog: 1 });
  const { port } = listener.addr;
  const waiting: Deno.TcpConn[] = [];
  // Connections that are not accepted fill the backlog of the listener. The system drops further ones.
  const full = AbortSignal.timeout(2000);
  for (;;) {
    const turn = new AbortController();
    const timer = setTimeout(() => turn.abort(), 200);
    try {
      waiting.push(
        await Deno.connect({ hostname, port, signal: AbortSignal.any([turn.signal, full]) }),
      );
    } catch {
      break;
    } finally {
      clearTimeout(timer);
    }
  }
  return {
    port,
    [Symbol.dispose]() {
      for (const connection of waiting) connection.close();
      listener.close();
    },
  };
}
