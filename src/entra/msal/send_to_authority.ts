import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { HttpResponse, Network, RetryPolicy } from "../../system/network/network.ts";
import { type JsonObject, parseJsonObject } from "../../text/json.ts";
import { retryAfterMs, tryAgainIn } from "../../text/retry_after.ts";
import { type Authority, CHECK_AUTHORITY } from "../authority.ts";
import { parseReportedError } from "../errors/reported_error.ts";

/** What MSAL sends. */
export interface MsalRequest {
  readonly headers?: Record<string, string> | undefined;
  readonly body?: string | undefined;
}

/** What MSAL receives, with a body of the type that MSAL expects. */
export interface MsalResponse<T> {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: T;
}

/** How the requests of one grant are sent. */
export interface Sending {
  /** Returns the time left for the next request and its retries. */
  readonly timeLeftMs: () => number;
  /** When discovery is retried. */
  readonly repeatGet: RetryPolicy;
  /** When a post is retried. */
  readonly repeatPost: RetryPolicy;
  /** Whether the grant waits while the authority demands a pause. */
  readonly obeysThrottle: boolean;
  /** Whether a service that fails is left alone for a while by all processes. */
  readonly backsOff?: boolean | undefined;
}

/** The connection to an authority. */
export interface AuthorityConnection {
  readonly network: Network;
  /** The only authority that is contacted. */
  readonly authority: Authority;
  /** Stops an exchange early. */
  readonly signal: AbortSignal;
  /** Determines the time to try again, if there is one to show. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  /** Default: one attempt for a post, and 30 seconds for each request. */
  readonly sending?: Sending | undefined;
}

const MAX_BYTES = 1024 * 1024;
const DEFAULT_SENDING: Sending = {
  timeLeftMs: () => 30_000,
  repeatGet: "always",
  repeatPost: "never",
  obeysThrottle: false,
};

/**
 * Sends one request to the authority and returns the JSON object received, errors included. Callers check the URL with
 * {@linkcode assertAllowed} first.
 *
 * @throws {CliError} `network`, `permission` or `invalid_response`.
 */
export async function sendToAuthority(
  url: string,
  method: "GET" | "POST",
  request: MsalRequest,
  { network, authority, signal, clock, sending = DEFAULT_SENDING }: AuthorityConnection,
): Promise<MsalResponse<JsonObject>> {
  const response = await network.send({
    url,
    method,
    headers: { ...request.headers, accept: "application/json" },
    body: request.body,
    timeoutMs: sending.timeLeftMs(),
    maxBytes: MAX_BYTES,
    signal,
    retry: method === "GET" ? sending.repeatGet : sending.repeatPost,
    obeysThrottle: sending.obeysThrottle,
    backsOff: sending.backsOff,
  });
  const body = await parseBody(response, authority.host, clock?.now() ?? null);
  return { status: response.status, headers: { ...response.headers }, body };
}

/** Allows only https on the authority's own host. @throws {CliError} `invalid_response` for any other URL. */
export function assertAllowed(url: string, authority: Authority): void {
  const address = URL.parse(url);
  const hasUser = address !== null && (address.username !== "" || address.password !== "");
  if (address?.protocol === "https:" && address.host === authority.host && !hasUser) return;
  // The message omits path and query, which may hold a secret.
  const shown = address === null ? "not a URL" : `${address.protocol}//${address.host}`;
  throw new CliError("invalid_response", `The authority names an address that is not its own: ${shown}`, {
    hint: `Only https on ${authority.host} is used. Check --authority.`,
  });
}

async function parseBody(response: HttpResponse, host: string, nowMs: number | null): Promise<JsonObject> {
  const { status, headers } = response;
  const body = parseObject(response);
  if (status === 429 || status >= 500) {
    const { serviceError } = await import("../errors/entra_error.ts");
    throw serviceError(host, status, parseReportedError(body ?? {}), tryAgain(headers, nowMs));
  }
  if (status >= 300 && status < 400) throw unusable(host, "a redirect");
  if (body !== null) return body;
  // Callers know what does not exist.
  if (status === 404) return {};
  // The text itself is not shown, because it may come from anywhere.
  throw isWebPage(response) ? webPage(host) : unusable(host, "something that is not a JSON object");
}

function tryAgain(headers: HttpResponse["headers"], nowMs: number | null): string | undefined {
  const pauseMs = nowMs === null ? null : retryAfterMs(headers, nowMs);
  return pauseMs === null || nowMs === null ? undefined : tryAgainIn(pauseMs, nowMs);
}

/** Reads an object even if a description in it has damaged characters. */
function parseObject({ body }: HttpResponse): JsonObject | null {
  return parseJsonObject(new TextDecoder().decode(body));
}

/** Recognizes HTML by its type or by its first character. */
function isWebPage({ headers, body }: HttpResponse): boolean {
  return /\bhtml\b/i.test(headers["content-type"] ?? "") || body.find((byte) => byte > 0x20) === 0x3c;
}

/** The page of a captive portal or a proxy is a network failure: it says nothing about the sign-in. */
function webPage(host: string): CliError {
  return new CliError("network", `Received a web page instead of a response from ${host}`, {
    hint:
      "The network may require its own sign-in, as in a hotel: open any page in a browser, then try again. " +
      "Otherwise check the proxy and --authority.",
  });
}

/** Returns the error for a response that an authority does not send. */
export function unusable(host: string, found: string): CliError {
  return new CliError("invalid_response", `${host} responded with ${found}`, { hint: CHECK_AUTHORITY });
}
