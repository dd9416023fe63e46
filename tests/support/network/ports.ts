/** A port that someone else listens on. */
export interface BusyPort extends Disposable {
  readonly port: number;
}

/** Listens on `port` of 127.0.0.1, or on any free one. */
export function occupyPort(port = 0): BusyPort {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

/**
 * A port that was free a moment ago, from below the ranges that systems give ports from: no test that runs meanwhile is
 * given the same one for a port of its own choice or for a connection.
 */
export function freePort(): number {
  for (let port = 20_000 + Math.floor(Math.random() * 10_000);; port++) {
    try {
      using busy = occupyPort(port);
      return busy.port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Whether nothing listens on a port of the loopback addresses. */
export function isPortFree(port: number): boolean {
  try {
    for (const hostname of ["127.0.0.1", "::1"]) Deno.listen({ hostname, port }).close();
    return true;
  } catch {
    return false;
  }
}
