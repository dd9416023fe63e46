let isStarted = false;

/**
 * Starts the generator of random numbers of the TLS library, which takes tens of milliseconds, once per process. It runs
 * in a thread of Deno, beside whatever comes before the first connection.
 *
 * Deno 2.9 makes keys of other algorithms in the calling thread.
 */
export function prepareTls(): void {
  if (isStarted) return;
  isStarted = true;
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]).catch(() => {});
}
