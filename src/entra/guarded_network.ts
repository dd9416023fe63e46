import { CliError } from "../errors.ts";
import type { HttpResponse, Network } from "../system/network.ts";
import type { Authority, AuthorityMetadata } from "./authority.ts";
import { judgeMetadata } from "./metadata.ts";
import { serviceError } from "./entra_error.ts";
import { parseReportedError, type ReportedError } from "./reported_error.ts";
import { judgeTokenResponse, type TokenResponse } from "./token_response.ts";

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 1024 * 1024;

/** What MSAL wants to send. */
export interface MsalRequest {
  /** Headers to send. */
  readonly headers?: Record<string, string>;
  /** Text to send. */
  readonly body?: string;
}

/** What MSAL gets to see, its body of the type that MSAL expects. */
export interface MsalResponse<T> {
  /** The status code. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  /** The JSON object that was received. */
  readonly body: T;
}

/** MSAL's way to the network (an `INetworkModule`), and what passed through it. */
export interface GuardedNetwork {
  /** Gets a discovery document. */
  sendGetRequestAsync<T>(url: string, request?: MsalRequest): Promise<MsalResponse<T>>;
  /** Posts a form to the token endpoint. */
  sendPostRequestAsync<T>(url: string, request?: MsalRequest): Promise<MsalResponse<T>>;
  /** The discovery document, once MSAL has asked for it. Null for authorities that need none. */
  readonly metadata: AuthorityMetadata | null;
  /** The last good token response. */
  readonly tokenResponse: TokenResponse | null;
  /** The last error. MSAL replaces what a network module throws by errors of its own, often without the cause. */
  readonly failure: unknown;
}

/** What {@linkcode guardNetwork} needs. */
export interface GuardedNetworkOptions {
  /** The network itself. */
  readonly network: Network;
  /** The only authority that may be talked to. */
  readonly authority: Authority;
  /** Ends an exchange early. */
  readonly signal: AbortSignal;
  /** Makes the error for what the authority reported. */
  readonly onReportedError: (reported: ReportedError) => CliError;
  /** Told the issuer that the authority names, once it was judged and before MSAL judges it. */
  readonly onIssuer?: (issuer: string) => void;
  /** Takes the place of a single request, where a grant needs another way of asking. */
  readonly post?: PostExchange;
}

/** A JSON object, not judged yet. */
export type JsonObject = Record<string, unknown>;

/**
 * Answers a post of MSAL's. `send` sends it, as often as it is called, and gives any JSON object that comes back, errors
 * included; it throws `network`, `permission` or `invalid_response` where none does. What is given back is judged as any
 * answer is.
 */
export type PostExchange = (
  request: MsalRequest,
  send: () => Promise<MsalResponse<JsonObject>>,
) => Promise<MsalResponse<JsonObject>>;

/**
 * A network module for MSAL that talks https to the authority's host and to no other, follows no redirect, has limits
 * in time and size, and judges every answer before MSAL sees it. MSAL's own does none of that.
 */
export function guardNetwork(options: GuardedNetworkOptions): GuardedNetwork {
  const { authority } = options;
  let metadata: AuthorityMetadata | null = null;
  let tokenResponse: TokenResponse | null = null;
  let failure: unknown = null;

  async function exchange<T>(
    url: string,
    method: "GET" | "POST",
    request: MsalRequest = {},
  ): Promise<MsalResponse<T>> {
    try {
      assertAllowed(url, authority);
      const post = method === "POST" ? options.post : undefined;
      const sendIt = () => sendToAuthority(url, method, request, options);
      const response = post === undefined ? await sendIt() : await post(request, sendIt);
      const { body } = response;
      const reported = parseReportedError(body);
      if (reported !== null) throw options.onReportedError(reported);
      if (response.status !== 200) throw unusable(authority.host, `status ${response.status}`);
      if (method === "GET") {
        metadata = judgeMetadata(body, authority);
        options.onIssuer?.(metadata.issuer);
      } else if (isTokenRequest(request)) tokenResponse = judgeTokenResponse(body);
      // MSAL's own generic: the body was judged above for what this program relies on.
      return { ...response, body: body as T };
    } catch (error) {
      failure = error;
      throw error;
    }
  }

  return {
    get metadata() {
      return metadata;
    },
    get tokenResponse() {
      return tokenResponse;
    },
    get failure() {
      return failure;
    },
    sendGetRequestAsync: (url, request) => exchange(url, "GET", request),
    sendPostRequestAsync: (url, request) => exchange(url, "POST", request),
  };
}

/**
 * Sends one request to the authority and reads the JSON object that comes back, errors included. The caller has made sure
 * by {@linkcode assertAllowed} that the URL is the authority's own.
 *
 * @throws {CliError} `network`, `permission` or `invalid_response`.
 */
export async function sendToAuthority(
  url: string,
  method: "GET" | "POST",
  request: MsalRequest,
  { network, authority, signal }: Pick<GuardedNetworkOptions, "network" | "authority" | "signal">,
): Promise<MsalResponse<JsonObject>> {
  const response = await network.send({
    url,
    method,
    headers: { ...request.headers, accept: "application/json" },
    ...(request.body === undefined ? {} : { body: request.body }),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  const body = parseBody(response, authority.host);
  return { status: response.status, headers: { ...response.headers }, body };
}

/** Whether a post asks for tokens (RFC 6749): every grant has a type. What else there is to post to gives none. */
export function isTokenRequest({ body = "" }: MsalRequest): boolean {
  return new URLSearchParams(body).has("grant_type");
}

/** Lets only https on the authority's own host pass. @throws {CliError} `invalid_response` for any other URL. */
export function assertAllowed(url: string, authority: Authority): void {
  const address = URL.parse(url);
  const hasUser = address !== null && (address.username !== "" || address.password !== "");
  if (address?.protocol === "https:" && address.host === authority.host && !hasUser) return;
  // Path and query stay out of the message: they may hold a secret.
  const shown = address === null ? "no URL at all" : `${address.protocol}//${address.host}`;
  throw new CliError("invalid_response", `The authority names an address that is not its own: ${shown}`, {
    hint: `Only https on ${authority.host} is used. Check --authority.`,
  });
}

function parseBody(response: HttpResponse, host: string): Record<string, unknown> {
  if (response.status === 429 || response.status >= 500) {
    throw serviceError(host, response.status, parseReportedError(parseObject(response) ?? {}));
  }
  if (response.status >= 300 && response.status < 400) throw unusable(host, "a redirect");
  const body = parseObject(response);
  // The text itself stays out of the message: whoever answered chose it.
  if (body === undefined) throw unusable(host, "something that is not JSON");
  if (body === null) throw unusable(host, "no JSON object");
  return body;
}

/** The JSON object in the body; null for other JSON, undefined for what is no JSON. */
function parseObject(response: HttpResponse): Record<string, unknown> | null | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(response.body));
    return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : null;
  } catch {
    return undefined;
  }
}

function unusable(host: string, found: string): CliError {
  return new CliError("invalid_response", `${host} answered with ${found}`, {
    hint: "Check --authority, and that no proxy or sign-in page of the network answers in its place.",
  });
}
