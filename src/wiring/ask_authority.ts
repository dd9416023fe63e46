import type { AuthorityAnswer, AuthorityRoute } from "../flows/doctor/check_authority.ts";
import { findRouteIfReadable } from "../system/proxy.ts";
import { readRoots } from "../system/root_certificates.ts";
import type { System } from "../system/system.ts";

/** How the authority is asked. */
export interface AuthorityWay {
  /** The outside world. */
  readonly system: System;
  /** A PEM file with a root to trust for the authority. */
  readonly caCertFile: string | undefined;
}

const TIMEOUT_MS = 8_000;
const MAX_BYTES = 1024 * 1024;

/** How the authority at `url` is reached. */
export function authorityRoute(url: string, { system, caCertFile }: AuthorityWay): Promise<AuthorityRoute> {
  const address = new URL(url);
  return Promise.resolve({
    host: address.host,
    proxy: findRouteIfReadable(address, system.env)?.proxy?.host ?? null,
    extraRoots: caCertFile === undefined ? null : `the root of ${caCertFile}`,
  });
}

/** Asks the authority at `url` for its discovery document, which everybody may read. @throws {CliError} `network`, `permission` or `usage` */
export async function askAuthority(
  url: string,
  { system, caCertFile }: AuthorityWay,
  signal: AbortSignal,
): Promise<AuthorityAnswer> {
  const { clock, files } = system;
  const roots = caCertFile === undefined ? [] : await readRoots(caCertFile, files);
  const sentAt = clock.now();
  const { status, headers, body } = await system.network(roots).send({
    url: `${url}/v2.0/.well-known/openid-configuration`,
    method: "GET",
    headers: { "accept": "application/json", "cache-control": "no-cache" },
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  // Somewhere in between the authority looked at its clock, which tells whole seconds.
  const ownMs = (sentAt + clock.now()) / 2;
  const authorityMs = Date.parse(headers.date ?? "") + 500;
  return {
    status,
    isDiscoveryDocument: isDiscoveryDocument(body),
    clockAheadMs: Number.isNaN(authorityMs) ? null : ownMs - authorityMs,
  };
}

function isDiscoveryDocument(body: Uint8Array): boolean {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof document === "object" && document !== null && "issuer" in document &&
      "token_endpoint" in document;
  } catch {
    return false;
  }
}
