/**
 * Forwards connections to a server, so that each of them can be broken at any time. Deno 2.6
 * gives a node:https server no access to its sockets, and its `close()` waits for the clients.
 */
export interface ConnectionFront {
  readonly port: number;
  /** Breaks the connection that the server behind sees coming from `port`. */
  breakOff(port: number): void;
  /** Closes the port and breaks every connection. */
  stop(): Promise<void>;
}

/** Listens on `port` of 127.0.0.1, or (0) on any free one, for the server on `serverPort`. */
export function startConnectionFront(port: number, serverPort: number): ConnectionFront {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const pairs = new Map<number, readonly [Deno.TcpConn, Deno.TcpConn]>();
  const passing = new Set<Promise<void>>();

  let stopped = false;

  const pass = async (client: Deno.TcpConn): Promise<void> => {
    const server = await Deno.connect({ hostname: "127.0.0.1", port: serverPort });
    const key = server.localAddr.port;
    pairs.set(key, [client, server]);
    if (stopped) return breakOff(key); // came in while stop() was at work
    // The connection ends when either side closes it.
    await Promise.race([copy(client, server), copy(server, client)]);
    breakOff(key);
  };
  const breakOff = (key: number): void => {
    const pair = pairs.get(key);
    pairs.delete(key);
    for (const connection of pair ?? []) connection.close();
  };
  const accept = async (): Promise<void> => {
    for await (const client of listener) {
      const passed = pass(client).finally(() => passing.delete(passed));
      passing.add(passed);
    }
  };
  const accepting = accept();
  return {
    port: listener.addr.port,
    breakOff,
    stop: async () => {
      stopped = true;
      listener.close();
      await accepting;
      for (const key of pairs.keys()) breakOff(key);
      await Promise.all(passing);
    },
  };
}

/** Copies bytes until one side is closed. */
async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      for (let sent = 0; sent < read;) sent += await to.write(buffer.subarray(sent, read));
    }
  } catch {
    // Connections are broken on purpose.
  }
}
