import { CliError, type ErrorCode } from "../errors.ts";
import { isExpired, type Token } from "../identity/token.ts";
import type { Clock } from "../system/clock.ts";
import type { Bytes } from "../system/files/files.ts";
import type { HttpResponse, Network } from "../system/network/network.ts";
import { isJsonObject, parseJsonObject } from "../text/json.ts";
import { plainText, withoutTokens } from "../text/plain_text.ts";
import { retryAfterMs, tryAgainIn } from "../text/retry_after.ts";
import type { Progress } from "./progress.ts";

/** A request to an API, without its token. */
export interface ApiCall {
  readonly method: string;
  readonly url: URL;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Bytes | undefined;
  /** Whether to request the pages that follow too. */
  readonly paginate: boolean;
  /** Whether a redirect is a response like any other, instead of an error. */
  readonly acceptRedirect: boolean;
  /** The time limit of all requests, in milliseconds. */
  readonly timeoutMs: number;
}

export interface CallDependencies {
  readonly network: Network;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Gets the token, with claims that the API demands. */
  readonly getToken: (claims: string | undefined) => Promise<Token>;
  /** Returns the claims request in a `WWW-Authenticate` header, or null. */
  readonly claimsIn: (challenge: string) => string | null;
}

const MAX_RESPONSE_BYTES = 128 * 1024 * 1024;
const MAX_PAGES = 1000;
/** A token that expires earlier is replaced before a request. */
const TOKEN_MARGIN_SECONDS = 30;
/** The time that must remain for a response after a wait. */
const RESPONSE_MS = 1000;

/**
 * Sends a request to an API, and returns its response, or the responses of all pages. The token goes to the origin of the
 * URL only: no redirect is followed, and no link to a page elsewhere. A claims challenge is answered once, by a token that
 * has the claims. If the API throttles the request, it is repeated when the API allows it, within the time limit.
 *
 * @throws {CliError} `access_denied`, `network` or `request_failed` for a response that is an error; `invalid_response` for
 *   a link to another host; and what the network and `getToken` throw.
 */
export async function callApi(call: ApiCall, dependencies: CallDependencies): Promise<HttpResponse[]> {
  const { clock } = dependencies;
  const session = new ApiSession(call, dependencies, clock.monotonic() + call.timeoutMs);
  const pages: HttpResponse[] = [];
  const seen = new Set<string>();
  for (let url: URL | null = call.url; url !== null;) {
    if (seen.has(url.href) || pages.length === MAX_PAGES) {
      throw new CliError("invalid_response", `${url.host} returned an endless list of pages`, {
        hint: "Request a single page: omit --paginate.",
      });
    }
    seen.add(url.href);
    const response = await session.send(url);
    pages.push(response);
    url = call.paginate ? nextPage(response, call.url) : null;
  }
  return pages;
}

/** The requests of one call. They share its token and time limit. */
class ApiSession {
  #token: Token | null = null;
  #claims: string | undefined;

  constructor(
    readonly call: ApiCall,
    readonly dependencies: CallDependencies,
    readonly endMs: number,
  ) {}

  async send(url: URL): Promise<HttpResponse> {
    const { clock, claimsIn, progress, signal } = this.dependencies;
    for (;;) {
      const response = await this.#attempt(url);
      const { status, headers } = response;
      const claims = status === 401 ? claimsIn(headers["www-authenticate"] ?? "") : null;
      if (claims !== null && this.#claims === undefined) {
        this.#claims = claims;
        this.#token = null;
        continue;
      }
      if (isSuccess(status) || this.call.acceptRedirect && isRedirect(status)) return response;
      const pauseMs = status === 429 || status === 503 ? retryAfterMs(headers, clock.now()) : null;
      if (pauseMs === null) throw responseError(url, response);
      if (clock.monotonic() + pauseMs + RESPONSE_MS > this.endMs) {
        throw responseError(url, response).withHint(
          `${tryAgainIn(pauseMs, clock.now())} A longer --timeout waits for it.`,
        );
      }
      progress({ kind: "waiting-for-authority", host: url.host, seconds: Math.ceil(pauseMs / 1000) });
      await clock.wait(pauseMs, signal);
    }
  }

  async #attempt(url: URL): Promise<HttpResponse> {
    const { network, clock, signal, getToken } = this.dependencies;
    const { method, headers, body } = this.call;
    const isUsable = this.#token !== null && !isExpired(this.#token, clock.now(), TOKEN_MARGIN_SECONDS);
    const token = this.#token = isUsable && this.#token || await getToken(this.#claims);
    return await network.send({
      url: url.href,
      method,
      headers: { ...headers, authorization: `${token.tokenType} ${token.accessToken.reveal()}` },
      body,
      timeoutMs: Math.max(this.endMs - clock.monotonic(), RESPONSE_MS),
      maxBytes: MAX_RESPONSE_BYTES,
      signal,
    });
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300 || status === 304;
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** Returns the URL of the page after `response`, or null. @throws {CliError} `invalid_response` for one elsewhere. */
function nextPage({ body }: HttpResponse, { origin }: URL): URL | null {
  const document = parseJsonObject(body);
  const link = document?.["@odata.nextLink"] ?? document?.nextLink;
  if (typeof link !== "string" || link === "") return null;
  const url = URL.parse(link);
  if (url?.origin === origin && url.username === "" && url.password === "") return url;
  throw new CliError(
    "invalid_response",
    `The next page is not on ${origin}: ${plainText(url?.origin ?? link)}`,
    { hint: "The token was sent to no other host. Request a single page: omit --paginate." },
  );
}

function responseError(url: URL, { status, headers, body }: HttpResponse): CliError {
  const { code, hint } = statusMeaning(status);
  const words = errorWords(parseJsonObject(body)) ??
    /error_description="([^"]+)"/.exec(headers["www-authenticate"] ?? "")?.[1];
  return new CliError(code, `${url.host} responded with HTTP ${status}`, {
    hint,
    // An API may quote what it received.
    description: words === undefined ? undefined : plainText(withoutTokens(words)),
  });
}

function statusMeaning(status: number): { code: ErrorCode; hint: string | undefined } {
  if (isRedirect(status)) {
    const hint = "The token is not sent along a redirect. Show its target with --output headers.";
    return { code: "request_failed", hint };
  }
  switch (status) {
    case 401:
      return {
        code: "access_denied",
        hint: "Check whether the API takes tokens for these scopes (--scope).",
      };
    case 403:
      return { code: "access_denied", hint: "Ask for the role or permission that this request needs." };
    case 429:
      return { code: "network", hint: "Try again later: the API throttles requests." };
  }
  if (status >= 500) return { code: "network", hint: "Try again later." };
  return { code: "request_failed", hint: undefined };
}

/** Returns what an API says about an error: of Graph, Azure Resource Manager, Key Vault, Azure DevOps and others. */
function errorWords(document: Readonly<Record<string, unknown>> | null): string | undefined {
  const error = document?.error ?? document?.["odata.error"] ?? document;
  if (!isJsonObject(error)) return typeof error === "string" ? error : undefined;
  const { code, message } = error;
  const words = [code, isJsonObject(message) ? message.value : message]
    .filter((word) => typeof word === "string" && word !== "");
  return words.length === 0 ? undefined : words.join(": ");
}
