import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { encodeBase64Url } from "@std/encoding/base64url";
import { CliError } from "../errors.ts";
import type { Token } from "../identity/token.ts";
import type { ConnectionCheck } from "../system/network/connection_owner.ts";
import type { Os } from "../system/os.ts";
import { parseJsonObject } from "../text/json.ts";
import { Secret } from "../text/secret.ts";
import { isOurs, readForm } from "./callback_request.ts";
import { noTraffic } from "./callback_traffic.ts";
import { listenOnLoopback, type PortChoice } from "./listen_on_loopback.ts";

/** Gets the tokens that the endpoint returns. The methods throw a `CliError`: `usage` for a resource that is not allowed. */
export interface TokenSupply {
  forResource(resource: string): Promise<Token>;
  /** @param tenant The tenant that the caller names, in place of the profile's. */
  forScopes(scopes: readonly string[], tenant: string | undefined): Promise<Token>;
}

/** The paths and versions of the two protocols. */
const MANAGED_IDENTITY_PATH = "/msi/token";
const MANAGED_IDENTITY_VERSION = "2019-08-01";
const AZD_PATH = "/token";
const AZD_VERSION = "2023-07-12-preview";

/** A running endpoint. Disposing of it frees the port. */
export interface TokenEndpoint extends AsyncDisposable {
  readonly port: number;
  /** What a caller must send, made for this endpoint. */
  readonly secret: Secret;
}

export interface TokenEndpointOptions {
  readonly supply: TokenSupply;
  readonly os: Os;
  /** Decides who may connect; everyone who knows the secret by default. */
  readonly isAllowed?: ConnectionCheck | undefined;
  /** An address to listen on in place of the loopback addresses. */
  readonly address?: string | undefined;
  /** Names of this machine, besides its loopback ones, by which callers may reach the endpoint. */
  readonly hosts?: readonly string[];
}

/**
 * Answers requests for tokens on a port of this machine by two protocols: that of managed identities on App Service
 * (2019-08-01), and azd's external authentication. Both have a secret that only callers know to whom it was given. The
 * protocols without one (IMDS, Cloud Shell) are not answered: any program and any web page could use them.
 *
 * @throws {CliError} `port_in_use`, `permission` or `network`.
 */
export function listenForTokenRequests(ports: PortChoice, options: TokenEndpointOptions): TokenEndpoint {
  const { supply, os, isAllowed, address, hosts = [] } = options;
  const secret = new Secret(encodeBase64Url(crypto.getRandomValues(new Uint8Array(32))));
  const closing = new AbortController();
  const names = address === undefined ? hosts : [...hosts, address.includes(":") ? `[${address}]` : address];
  const listener = listenOnLoopback(ports, {
    handle: (request, port) => answer(request, { port, secret, supply, names, signal: closing.signal }),
    handleFailure: () => respond(500, { message: "Unexpected error" }),
    traffic: noTraffic(),
    ...(isAllowed === undefined ? {} : { isAllowed }),
    ...(address === undefined ? {} : { addresses: [address] }),
    os,
  });
  return {
    port: listener.port,
    secret,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await listener[Symbol.asyncDispose]();
    },
  };
}

interface Answering {
  readonly port: number;
  readonly secret: Secret;
  readonly supply: TokenSupply;
  readonly names: readonly string[];
  readonly signal: AbortSignal;
}

async function answer(request: Request, answering: Answering): Promise<Response> {
  const { port, secret, supply, names } = answering;
  const url = URL.parse(request.url);
  const host = request.headers.get("host");
  // A page whose own name was made to resolve to this machine (DNS rebinding) sends its own name.
  if (url === null || host === null || !isOurs(host, port, names) || !isOurs(url.host, port, names)) {
    return respond(421, { message: "Unknown host" });
  }
  // Browsers add these, and no program that was given the secret is a web page.
  if (["origin", "sec-fetch-site", "referer"].some((name) => request.headers.has(name))) {
    return respond(403, { message: "Web pages get no tokens" });
  }
  const { pathname, searchParams } = url;
  if (pathname !== MANAGED_IDENTITY_PATH && pathname !== AZD_PATH) {
    return respond(404, { message: "Not found" });
  }
  const [method, sent] = pathname === AZD_PATH
    ? ["POST", /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1]]
    : ["GET", request.headers.get("x-identity-header")];
  if (request.method !== method) return respond(405, { message: `Expected ${method}` });
  if (!isSecret(sent, secret)) return respond(401, { message: "Wrong or missing secret" });
  return pathname === AZD_PATH
    ? await answerAzd(request, searchParams, answering)
    : await answerManagedIdentity(searchParams, supply);
}

/** Compares in a time that does not depend on where texts of the same length differ. */
function isSecret(sent: string | null | undefined, secret: Secret): boolean {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(sent ?? ""), encoder.encode(secret.reveal())];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

async function answerManagedIdentity(query: URLSearchParams, supply: TokenSupply): Promise<Response> {
  const [resource = "", ...more] = query.getAll("resource");
  if (query.get("api-version") !== MANAGED_IDENTITY_VERSION) {
    return respond(400, { statusCode: 400, message: `Expected api-version ${MANAGED_IDENTITY_VERSION}` });
  }
  if (resource === "" || more.length > 0) {
    return respond(400, { statusCode: 400, message: "Expected one resource" });
  }
  try {
    const token = await supply.forResource(resource);
    return respond(200, {
      access_token: token.accessToken.reveal(),
      expires_on: String(token.expiresAt),
      resource,
      token_type: token.tokenType,
    });
  } catch (error) {
    const status = isNotAllowed(error) ? 403 : 400;
    return respond(status, { statusCode: status, message: messageOf(error) });
  }
}

const MAX_BODY_BYTES = 64 * 1024;
const BODY_TIMEOUT_MS = 5_000;

async function answerAzd(
  request: Request,
  query: URLSearchParams,
  { supply, signal }: Answering,
): Promise<Response> {
  if (query.get("api-version") !== AZD_VERSION) {
    return respond(400, { message: `Expected api-version ${AZD_VERSION}` });
  }
  const limits = { maxBytes: MAX_BODY_BYTES, timeoutMs: BODY_TIMEOUT_MS, signal };
  const body = await readForm(request, limits);
  if (body.kind === "refused") return respond(body.status, { message: "Unreadable body" });
  const { scopes, tenantId } = parseJsonObject(body.text) ?? {};
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every((scope) => typeof scope === "string")) {
    return respond(400, { message: "Expected scopes" });
  }
  const tenant = typeof tenantId === "string" && tenantId !== "" ? tenantId : undefined;
  try {
    const token = await supply.forScopes(scopes, tenant);
    return respond(200, {
      status: "success",
      token: token.accessToken.reveal(),
      expiresOn: new Date(token.expiresAt * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
    });
  } catch (error) {
    if (isNotAllowed(error)) return respond(403, { message: messageOf(error) });
    const isSignedOut = error instanceof CliError && error.code === "person_needed";
    const code = isSignedOut ? "NotSignedInError" : "GetTokenError";
    return respond(200, { status: "error", code, message: messageOf(error) });
  }
}

function isNotAllowed(error: unknown): boolean {
  return error instanceof CliError && error.code === "usage";
}

/** Returns what the caller shows to the user. */
function messageOf(error: unknown): string {
  if (!(error instanceof CliError)) return "Unexpected error";
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}

function respond(status: number, document: Readonly<Record<string, unknown>>): Response {
  return Response.json(document, {
    status,
    headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}
