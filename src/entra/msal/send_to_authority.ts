import { CliError } from "../../errors.ts";
import { type JsonObject, parseJsonObject } from "../../text/json.ts";
import { retryAfterMs, tryAgainIn } from "../../text/retry_after.ts";
import type { Clock } from "../../system/clock.ts";
import type { HttpResponse, Network, Repeat } from "../../system/network/network.ts";
import type { Authority } from "../authority.ts";
import { serviceError } from "../errors/entra_error.ts";
import { parseReportedError } from "../errors/reported_error.ts";

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

/** How the requests of one grant are sent. */
export interface Sending {
  /** The time that is left for the next request, its repeats included, in milliseconds. */
  readonly timeLeftMs: () => number;
  /** After what discovery, which changes nothing, is asked again. */
  readonly repeatGet: Repeat;
  /** After what a post is sent again. */
  readonly repeatPost: Repeat;
  /** Whether the grant is held back while the authority wants a pause. */
  readonly obeysThrottle: boolean;
}

/** The way to an authority. */
export interface AuthorityConnection {
  /** The network itself. */
  readonly network: Network;
  /** The only authority that may be talked to. */
  readonly authority: Authority;
  /** Ends an exchange early. */
  readonly signal: AbortSignal;
  /** Tells when to try again. */
  readonly clock?: Pick<Clock, "now">;
  /** How requests are sent; as is right for who asks once by default. */
  readonly sending?: Sending;
}

const MAX_BYTES = 1024 * 1024;
const USUAL_SENDING: Sending = {
  timeLeftMs: () => 30_000,
  repeatGet: "always",
  repeatPost: "never",
  obeysThrottle: false,
};

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
  { network, authority, signal, clock, sending = USUAL_SENDING }: AuthorityConnection,
): Promise<MsalResponse<JsonObject>> {
  const response = await network.send({
    url,
    method,
    headers: { ...request.headers, accept: "application/json" },
    ...(request.body === undefined ? {} : { body: request.body }),
    timeoutMs: sending.timeLeftMs(),
    maxBytes: MAX_BYTES,
    signal,
    repeat: method === "GET" ? sending.repeatGet : sending.repeatPost,
    obeysThrottle: sending.obeysThrottle,
  });
  const body = parseBody(response, authority.host, clock?.now() ?? null);
  return { status: response.status, headers: { ...response.headers }, body };
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

function parseBody(response: HttpResponse, host: string, nowMs: number | null): JsonObject {
  if (response.status === 429 || response.status >= 500) {
    const { status, headers } = response;
    const reported = parseReportedError(parseObject(response) ?? {});
    throw serviceError(host, status, reported, tryAgain(headers, nowMs));
  }
  if (response.status >= 300 && response.status < 400) throw unusable(host, "a redirect");
  const body = parseObject(response);
  // The text itself stays out of the message: whoever answered chose it.
  if (body === null && isWebPage(response)) throw webPage(host);
  if (body === null) throw unusable(host, "something that is not a JSON object");
  return body;
}

function tryAgain(headers: HttpResponse["headers"], nowMs: number | null): string | undefined {
  const pauseMs = nowMs === null ? null : retryAfterMs(headers, nowMs);
  return pauseMs === null || nowMs === null ? undefined : tryAgainIn(pauseMs, nowMs);
}

/** Reads an object even if a description in it has damaged characters. */
function parseObject({ body }: HttpResponse): JsonObject | null {
  return parseJsonObject(new TextDecoder().decode(body));
}

/** HTML, by what it says of itself or looks like. */
function isWebPage({ headers, body }: HttpResponse): boolean {
  return /\bhtml\b/i.test(headers["content-type"] ?? "") || body.find((byte) => byte > 0x20) === 0x3c;
}

/** A captive portal's page, or a proxy's: what stands for the network says nothing about the sign-in. */
function webPage(host: string): CliError {
  return new CliError("network", `In place of ${host} a web page answered`, {
    hint:
      "The network may want a sign-in of its own (a hotel's, a guest's): open any page in a browser, then try " +
      "again. Else check the proxy, and --authority.",
  });
}

/** The error for an answer that is none of an authority's. */
export function unusable(host: string, found: string): CliError {
  return new CliError("invalid_response", `${host} answered with ${found}`, {
    hint: "Check --authority, and that no proxy or sign-in page of the network answers in its place.",
  });
}
