/**
 * Starts the generator of random numbers of the TLS library, which takes tens of milliseconds, once per process. It runs
 * in a thread of Deno, beside whatever comes before the first connection.
 */
export function prepareTls(): void {
  crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]).catch(() => {});
}
