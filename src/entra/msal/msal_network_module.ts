import { CliError } from "../../errors.ts";
import { isJsonObject, type JsonObject } from "../../text/json.ts";
import type { Authority, AuthorityMetadata } from "../authority.ts";
import { parseReportedError, type ReportedError } from "../errors/reported_error.ts";
import { validateMetadata } from "../metadata.ts";
import { type TokenResponse, validateTokenResponse } from "../token_response.ts";
import {
  assertAllowed,
  type AuthorityConnection,
  type MsalRequest,
  type MsalResponse,
  sendToAuthority,
  unusable,
} from "./send_to_authority.ts";

/** MSAL's way to the network (its `INetworkModule`). */
export interface MsalNetworkModule {
  sendGetRequestAsync<T>(url: string, request?: MsalRequest): Promise<MsalResponse<T>>;
  sendPostRequestAsync<T>(url: string, request?: MsalRequest): Promise<MsalResponse<T>>;
}

/** What MSAL does not report about the requests that it makes. */
export interface Observed {
  /** The last successful token response. */
  tokenResponse: TokenResponse | null;
  /** The last error. MSAL replaces the errors of a network module by its own, often without the cause. */
  failure: unknown;
}

/** Sends one of MSAL's requests, and validates the response before MSAL sees it. */
export type Exchange = (
  url: string,
  method: "GET" | "POST",
  request: MsalRequest,
) => Promise<MsalResponse<JsonObject>>;

/** Makes a network module that sends with `exchange`. It records failures in `observed`, and `exchange` the responses. */
export function createMsalNetworkModule<O extends Observed>(
  observed: O,
  exchange: Exchange,
): MsalNetworkModule & Readonly<O> {
  async function send<T>(
    url: string,
    method: "GET" | "POST",
    request: MsalRequest = {},
  ): Promise<MsalResponse<T>> {
    try {
      const response = await exchange(url, method, request);
      // MSAL chooses the type. The fields that this program relies on are validated.
      return { ...response, body: response.body as T };
    } catch (error) {
      observed.failure = error;
      throw error;
    }
  }

  return Object.assign(observed, {
    sendGetRequestAsync: <T>(url: string, request?: MsalRequest) => send<T>(url, "GET", request),
    sendPostRequestAsync: <T>(url: string, request?: MsalRequest) => send<T>(url, "POST", request),
  });
}

/** A network module for an authority. */
export interface AuthorityNetworkModule extends MsalNetworkModule, Readonly<Observed> {
  /** The discovery document, or null if MSAL has not requested one because it knows the authority. */
  readonly metadata: AuthorityMetadata | null;
  /** The same as the authority sent it, or null if it sent none. */
  readonly discovered: JsonObject | null;
  /** Requests the discovery document that was used instead of a request. Returns null if that fails in any way. */
  rediscover(): Promise<JsonObject | null>;
}

/** What {@linkcode authorityNetworkModule} needs. */
export interface AuthorityNetworkOptions extends AuthorityConnection {
  /** Makes the error for what the authority reported in response to `request`. */
  readonly onReportedError: (reported: ReportedError, request: MsalRequest) => Promise<CliError>;
  /** Receives the validated issuer before MSAL checks it. */
  readonly onIssuer?: ((issuer: string) => void) | undefined;
  /** Makes the requests of a grant that needs more than one per post of MSAL's. */
  readonly post?: PostExchange | undefined;
  /** A discovery document of before, which is used instead of another request. */
  readonly discovery?: JsonObject | null | undefined;
}

/**
 * Responds to a post of MSAL's. `send` sends it, each time it is called, and returns any JSON object received, errors
 * included; otherwise it throws `network`, `permission` or `invalid_response`. The returned response is validated.
 */
export type PostExchange = (
  request: MsalRequest,
  send: () => Promise<MsalResponse<JsonObject>>,
) => Promise<MsalResponse<JsonObject>>;

/**
 * Makes a network module that sends only https to the authority's host, follows no redirect, limits time and size, and
 * validates every response before MSAL sees it. MSAL's own network module does none of that.
 */
export function authorityNetworkModule(options: AuthorityNetworkOptions): AuthorityNetworkModule {
  const { authority } = options;
  const observed: Observed & { metadata: AuthorityMetadata | null; discovered: JsonObject | null } = {
    tokenResponse: null,
    failure: null,
    metadata: null,
    discovered: null,
  };
  const accept = (discovery: JsonObject) => {
    observed.metadata = validateMetadata(discovery, authority);
    options.onIssuer?.(observed.metadata.issuer);
  };
  let discoveryUrl: string | null = null;
  const rediscover = async () => {
    if (discoveryUrl === null) return null;
    const { status, body } = await sendToAuthority(discoveryUrl, "GET", {}, options);
    if (status !== 200) return null;
    validateMetadata(body, authority);
    return body;
  };
  const module = createMsalNetworkModule(observed, async (url, method, request) => {
    assertAllowed(url, authority);
    if (method === "GET" && isJsonObject(options.discovery)) {
      discoveryUrl = url;
      accept(options.discovery);
      return { status: 200, headers: {}, body: options.discovery };
    }
    const post = method === "POST" ? options.post : undefined;
    const send = () => sendToAuthority(url, method, request, options);
    const response = post === undefined ? await send() : await post(request, send);
    const { body } = response;
    const reported = parseReportedError(body);
    if (reported !== null) throw await options.onReportedError(reported, request);
    if (method === "GET" && response.status === 404) throw noTenant(authority);
    if (response.status !== 200) throw unusable(authority.host, `status ${response.status}`);
    if (method === "GET") {
      accept(body);
      observed.discovered = body;
    } else if (isTokenRequest(request)) observed.tokenResponse = validateTokenResponse(body);
    return response;
  });
  return Object.assign(module, { rediscover: () => rediscover().catch(() => null) });
}

/** Returns the error for a discovery document that does not exist. */
function noTenant({ host, tenant }: Authority): CliError {
  return new CliError("invalid_response", `${host} has no tenant ${JSON.stringify(tenant)} (status 404)`, {
    hint: "Check --tenant-id and --authority.",
  });
}

/** Reports whether a post requests tokens: only token requests have a grant type (RFC 6749). */
export function isTokenRequest({ body = "" }: MsalRequest): boolean {
  return new URLSearchParams(body).has("grant_type");
}
