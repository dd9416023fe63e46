import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { ServerCertificate } from "./certificate.ts";
import { startConnectionFront } from "./connection_front.ts";

/** A running server that can be stopped without waiting for its clients. */
export interface HttpsServer {
  readonly port: number;
  /** Breaks the connection of a request without a response. */
  breakOff(request: IncomingMessage): void;
  /** Closes the port and every connection; safe to call twice. */
  stop(): Promise<void>;
}

/** Serves https on 127.0.0.1, on `port` or (0) any free one. */
export async function startHttpsServer(
  port: number,
  certificate: ServerCertificate,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HttpsServer> {
  const unanswered = new Set<ServerResponse>();
  const { certificatePem: cert, privateKeyPem: key } = certificate;
  const server = createServer({ key, cert }, (request, response) => {
    unanswered.add(response);
    response.on("finish", () => unanswered.delete(response));
    handle(request, response);
  });
  // On Windows a program that the tests start inherits the connections. If the server closed one that is idle, it would
  // stay open until that program ends, and the next request on it would wait for that long.
  server.keepAliveTimeout = 0;
  // A client that breaks its connection must not end the process.
  server.on("tlsClientError", (_error, socket) => void socket.destroy());
  server.on("clientError", (_error, socket) => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const front = startConnectionFront(port, (server.address() as AddressInfo).port);
  const stop = async () => {
    await front.stop();
    // Deno 2.6 does not close while a response is open, even without its connection.
    for (const response of unanswered) response.end();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };
  let stopped: Promise<void> | undefined;
  return {
    port: front.port,
    breakOff: (request) => front.breakOff(request.socket.remotePort ?? 0),
    stop: () => stopped ??= stop(),
  };
}
