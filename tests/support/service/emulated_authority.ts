import { createEmulator } from "emulate";
import { freePort } from "../network/ports.ts";
import { sharedCertificate } from "../provider/shared_certificate.ts";

/** The personal account that the emulator has by itself. */
export const PERSONAL_USER = "testuser@outlook.com";

/** The Microsoft service of the npm package `emulate`, behind https. */
export interface EmulatedAuthority extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  /** The root certificate to trust, PEM. */
  readonly caPem: string;
  /** The refresh tokens that were sent to it, in order. */
  readonly refreshTokens: readonly string[];
  /** Forgets every code and refresh token. */
  reset(): void;
}

/**
 * Starts the emulator on a free port of 127.0.0.1. It speaks only http, which no client of an authority accepts. Its
 * endpoints have no tenant in their paths, so that MSAL finds them for `common`, `organizations` and `consumers` only.
 */
export async function startEmulatedAuthority(): Promise<EmulatedAuthority> {
  const certificate = await sharedCertificate();
  const inner = freePort();
  const refreshTokens: string[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    onListen: () => {},
  }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.method === "POST" ? await request.text() : null;
    const refreshToken = new URLSearchParams(body ?? "").get("refresh_token");
    if (refreshToken !== null) refreshTokens.push(refreshToken);
    const headers = new Headers(request.headers);
    // The body has another length and form after it was read.
    for (const name of ["host", "content-length", "connection"]) headers.delete(name);
    return await fetch(`http://127.0.0.1:${inner}${pathname}${search}`, {
      method: request.method,
      headers,
      body,
      redirect: "manual",
    });
  });
  const origin = `https://localhost:${server.addr.port}`;
  const emulator = await createEmulator({
    service: "microsoft",
    port: inner,
    baseUrl: origin,
  });
  return {
    origin,
    port: server.addr.port,
    caPem: certificate.caPem,
    refreshTokens,
    reset: () => emulator.reset(),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await emulator.close();
    },
  };
}
