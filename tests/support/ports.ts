/** A port that someone else listens on. */
export interface BusyPort extends Disposable {
  readonly port: number;
}

/** Listens on `port` of 127.0.0.1, or on any free one. */
export function occupyPort(port = 0): BusyPort {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

/** A port that was free a moment ago. */
export function freePort(): number {
  using busy = occupyPort();
  return busy.port;
}
