import type { CliError } from "../../errors.ts";
import type { JsonObject } from "../../text/json.ts";
import type { AuthorityMetadata } from "../authority.ts";
import { validateMetadata } from "../metadata.ts";
import { parseReportedError, type ReportedError } from "../errors/reported_error.ts";
import {
  assertAllowed,
  type AuthorityConnection,
  type MsalRequest,
  type MsalResponse,
  sendToAuthority,
  unusable,
} from "./send_to_authority.ts";
import { type TokenResponse, validateTokenResponse } from "../token_response.ts";

/** MSAL's way to the network (an `INetworkModule`), and what passed through it. */
export interface MsalNetworkModule {
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

/** What {@linkcode createMsalNetworkModule} needs. */
export interface MsalNetworkModuleOptions extends AuthorityConnection {
  /** Makes the error for what the authority reported. */
  readonly onReportedError: (reported: ReportedError) => CliError;
  /** Told the issuer that the authority names, once it was judged and before MSAL judges it. */
  readonly onIssuer?: (issuer: string) => void;
  /** Takes the place of a single request, where a grant needs another way of asking. */
  readonly post?: PostExchange;
}

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
export function createMsalNetworkModule(options: MsalNetworkModuleOptions): MsalNetworkModule {
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
        metadata = validateMetadata(body, authority);
        options.onIssuer?.(metadata.issuer);
      } else if (isTokenRequest(request)) tokenResponse = validateTokenResponse(body);
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

/** Whether a post asks for tokens (RFC 6749): every grant has a type. What else there is to post to gives none. */
export function isTokenRequest({ body = "" }: MsalRequest): boolean {
  return new URLSearchParams(body).has("grant_type");
}
