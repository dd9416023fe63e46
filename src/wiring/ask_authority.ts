import type { AuthorityAnswer, AuthorityRoute } from "../flows/doctor/check_authority.ts";
import type { Environment } from "../system/environment.ts";
import { findRouteIfReadable } from "../system/network/proxy.ts";
import type { System } from "../system/system.ts";
import { openNetwork } from "./open_network.ts";

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
export function authorityRoute(url: string, { system, caCertFile }: AuthorityWay): AuthorityRoute {
  const address = new URL(url);
  const route = findRouteIfReadable(address, system.env);
  return {
    host: address.host,
    proxy: route?.proxy?.host ?? null,
    ignoredVariable: route?.ignored ?? null,
    extraRoots: extraRoots(caCertFile, system.env),
  };
}

/** Variables by which Deno trusts more roots, whoever set them. */
const ROOT_VARIABLES: Readonly<Record<string, string>> = {
  DENO_CERT: "DENO_CERT",
  NODE_EXTRA_CA_CERTS: "NODE_EXTRA_CA_CERTS (Deno 2.9 and newer)",
};

function extraRoots(caCertFile: string | undefined, env: Environment): string | null {
  const named = Object.keys(ROOT_VARIABLES).filter((name) => env.get(name) !== undefined);
  const roots = [
    ...(caCertFile === undefined ? [] : [`the root of ${caCertFile}`]),
    ...named.map((name) => `those that ${ROOT_VARIABLES[name]} names`),
  ];
  return roots.length === 0 ? null : roots.join(" and ");
}

/** Asks the authority at `url` for its discovery document, which everybody may read. @throws {CliError} `network`, `permission` or `usage` */
export async function askAuthority(
  url: string,
  { system, caCertFile }: AuthorityWay,
  signal: AbortSignal,
): Promise<AuthorityAnswer> {
  const { clock } = system;
  const network = await openNetwork(system, caCertFile);
  const sentAt = clock.now();
  const { status, headers, body } = await network.send({
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
