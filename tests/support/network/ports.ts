/** A port in use. */
export interface BusyPort extends Disposable {
  readonly port: number;
}

/** Listens on `port` of 127.0.0.1, or on a free one. */
export function occupyPort(port = 0): BusyPort {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

/**
 * Returns a free port below the ephemeral range of the system, so that no concurrent test or connection gets the same
 * one.
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

/** Returns whether nothing listens on a port of the loopback addresses. */
export function isPortFree(port: number): boolean {
  try {
    for (const hostname of ["127.0.0.1", "::1"]) Deno.listen({ hostname, port }).close();
    return true;
  } catch {
    return false;
  }
}
