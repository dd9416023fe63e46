import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ServerCertificate } from "./certificate.ts";

/** A server that listens, and that can be stopped without waiting for its clients. */
export interface HttpsServer {
  readonly port: number;
  /** Closes the port and every connection; safe to call twice. */
  stop(): Promise<void>;
}

/** Serves https on 127.0.0.1, on `port` or (0) any free one. */
export async function startHttpsServer(
  port: number,
  certificate: ServerCertificate,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HttpsServer> {
  const server = createServer({ key: certificate.privateKeyPem, cert: certificate.certificatePem }, handle);
  const sockets = new Set<Socket>();
  const follow = (socket: Socket) => {
    sockets.add(socket);
    // A client that breaks off is no news to a test, and must not end the process.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  server.on("connection", follow);
  server.on("secureConnection", follow);
  server.on("tlsClientError", (_error, socket) => void socket.destroy());
  server.on("clientError", (_error, socket) => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  let stopped: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      stopped ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
}
