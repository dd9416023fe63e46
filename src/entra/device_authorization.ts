/** The device authorization grant (RFC 8628): validates what the authority grants, and polls for the tokens. */

import { CliError, type CliErrorOptions } from "../errors.ts";
import { CLOUDS } from "../identity/cloud.ts";
import type { Clock } from "../system/clock.ts";
import type { JsonObject } from "../text/json.ts";
import { plainText } from "../text/plain_text.ts";
import { type Authority, CHECK_AUTHORITY } from "./authority.ts";
import { isTransient, parseReportedError, type ReportedError } from "./errors/reported_error.ts";
import type { MsalResponse } from "./msal/send_to_authority.ts";

/** A validated device authorization response (RFC 8628 section 3.2). */
export interface DeviceAuthorization {
  /** The code that the user enters, without control characters. */
  readonly userCode: string;
  /** The page on which the user enters it. */
  readonly verificationUri: string;
  /** The same page with the code filled in, if the authority provides it. */
  readonly verificationUriComplete: string | null;
  /** The time between two polls. */
  readonly intervalSeconds: number;
  readonly expiresInSeconds: number;
}

/** Hosts of Microsoft's device code pages, besides the authority's own host. */
const VERIFICATION_HOSTS = [
  "microsoft.com",
  "www.microsoft.com",
  "login.microsoftonline.cn",
  ...CLOUDS.flatMap(({ hosts }) => hosts),
];

/** In seconds. The default is the RFC's. The limits prevent both a flood of requests and a poll that never comes. */
const INTERVAL = { default: 5, min: 1, max: 60 };

/** The lifetime of Entra's device codes. A longer one is cut to it. */
const MAX_LIFE_SECONDS = 15 * 60;

const MAX_USER_CODE = 64;

/**
 * Validates a device authorization response before anything of it is shown or used.
 *
 * @throws {CliError} `invalid_response` that names the field.
 */
export function validateDeviceAuthorization(body: JsonObject, authority: Authority): DeviceAuthorization {
  const { device_code: deviceCode, user_code: shown } = body;
  if (typeof deviceCode !== "string" || deviceCode === "") throw invalidField("device_code", "a code");
  const userCode = typeof shown === "string" ? plainText(shown, MAX_USER_CODE) : "";
  if (userCode === "") throw invalidField("user_code", "a code");
  // Some authorities use the name that the drafts of RFC 8628 had.
  const verificationUri = trustedAddress(body.verification_uri ?? body.verification_url, authority);
  if (verificationUri === null) {
    throw invalidField("verification_uri", `https on ${authority.host} or on a Microsoft sign-in page`);
  }
  return {
    userCode,
    verificationUri,
    verificationUriComplete: trustedAddress(body.verification_uri_complete, authority),
    intervalSeconds: clamp(seconds(body.interval) ?? INTERVAL.default, INTERVAL.min, INTERVAL.max),
    expiresInSeconds: clamp(seconds(body.expires_in) ?? MAX_LIFE_SECONDS, INTERVAL.min, MAX_LIFE_SECONDS),
  };
}

/** A code entered on a stranger's page gives the tokens to the stranger, so only known pages are shown. */
function trustedAddress(value: unknown, { host }: Authority): string | null {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null || url.protocol !== "https:" || url.username !== "" || url.password !== "") return null;
  return url.host === host || VERIFICATION_HOSTS.includes(url.host) ? url.href : null;
}

/** Some authorities send seconds as text. */
function seconds(value: unknown): number | null {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && number > 0 ? number : null;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

function invalidField(name: string, expected: string): CliError {
  return new CliError("invalid_response", `Invalid device code response: ${name} is not ${expected}`, {
    hint: CHECK_AUTHORITY,
  });
}

/** What polling needs. */
export interface DevicePolling {
  /** The time between two polls. */
  readonly intervalSeconds: number;
  /** The lifetime of the device code. */
  readonly expiresInSeconds: number;
  readonly clock: Clock;
  /** Stops the polling with its reason. */
  readonly signal: AbortSignal;
  /** Sends one poll and returns the response, errors included. @throws {CliError} `network` without a usable one. */
  readonly poll: () => Promise<MsalResponse<JsonObject>>;
}

/** The increase of the interval after `slow_down` (RFC 8628 section 3.5). */
const SLOW_DOWN_MS = 5_000;

/** The longest wait after repeated failures. */
const MAX_WAIT_MS = 60_000;

/**
 * Polls the token endpoint until the user has decided (RFC 8628 section 3.5), and returns the last response. Retries after
 * network failures and transient errors, and doubles the wait each time.
 *
 * @throws {CliError} `timeout` if the code expired, with the last failure if no poll succeeded; `access_denied` if the
 *   user declined.
 */
export async function pollForTokens(polling: DevicePolling): Promise<MsalResponse<JsonObject>> {
  const { clock, signal } = polling;
  const life = startLife(clock, polling.expiresInSeconds * 1000);
  let intervalMs = polling.intervalSeconds * 1000;
  let failures = 0;
  let failure: CliError | null = null;
  let hasFailedOnly = true;
  while (true) {
    const waitMs = Math.min(intervalMs * 2 ** failures, Math.max(intervalMs, MAX_WAIT_MS));
    await clock.wait(Math.min(waitMs, Math.max(life.leftMs(), 0)), signal);
    if (life.leftMs() <= 0) throw failure ?? expired(null);
    const response = await pollOnce(polling);
    failures = response instanceof CliError ? failures + 1 : 0;
    if (response instanceof CliError) {
      if (hasFailedOnly) failure = neverReached(response);
      continue;
    }
    hasFailedOnly = false;
    failure = null;
    const reported = parseReportedError(response.body);
    if (reported?.error === "slow_down") intervalMs += SLOW_DOWN_MS;
    else if (reported?.error !== "authorization_pending") return finalResponse(response, reported);
  }
}

/** Uses both clocks: the monotonic one stops while the machine sleeps, and the wall clock may be changed. */
function startLife(clock: Clock, lifeMs: number): { leftMs(): number } {
  const ends = { wall: clock.now() + lifeMs, monotonic: clock.monotonic() + lifeMs };
  return { leftMs: () => Math.min(ends.wall - clock.now(), ends.monotonic - clock.monotonic()) };
}

/** Returns the response, or a failure that a retry may fix. */
async function pollOnce({ poll }: DevicePolling): Promise<MsalResponse<JsonObject> | CliError> {
  try {
    const response = await poll();
    const reported = parseReportedError(response.body);
    if (reported === null || !isTransient(reported)) return response;
    return new CliError(
      "network",
      `the service responded with ${plainText(reported.error)}`,
      reference(reported),
    );
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "network") throw error;
    return error;
  }
}

function finalResponse(
  response: MsalResponse<JsonObject>,
  reported: ReportedError | null,
): MsalResponse<JsonObject> {
  if (reported?.error === "expired_token" || reported?.error === "code_expired") throw expired(reported);
  if (reported?.error === "authorization_declined") {
    throw new CliError("access_denied", "The sign-in was declined on the device code page", {
      hint: "Run the command again and accept, or request fewer scopes with --scope.",
      ...reference(reported),
    });
  }
  return response;
}

const EXPIRED = "The device code expired before the sign-in was completed";

/** Returns the error for a code that expired without one successful poll. */
function neverReached({ message, aadsts, correlationId, cause }: CliError): CliError {
  return new CliError("timeout", `${EXPIRED}, and no request for the token succeeded: ${message}`, {
    hint: "Check the connection and the authority, then run the command again for a new code.",
    aadsts,
    correlationId,
    cause,
  });
}

function expired(reported: ReportedError | null): CliError {
  return new CliError("timeout", EXPIRED, {
    hint: "Run the command again for a new code, and enter it before it expires.",
    ...reference(reported),
  });
}

function reference(reported: ReportedError | null): CliErrorOptions {
  return { aadsts: reported?.aadsts, correlationId: reported?.correlationId };
}
