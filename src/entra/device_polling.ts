import { CliError, type CliErrorOptions } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import { parseReportedError, type ReportedError } from "./errors/reported_error.ts";
import type { JsonObject } from "../text/json.ts";
import type { MsalResponse } from "./msal/send_to_authority.ts";

/** What polling needs. */
export interface DevicePolling {
  /** The time between two polls, in seconds. */
  readonly intervalSeconds: number;
  /** How long the code is good, in seconds. */
  readonly expiresInSeconds: number;
  /** Measures both. */
  readonly clock: Clock;
  /** Ends the polling with its reason. */
  readonly signal: AbortSignal;
  /** Asks once, and gives what was answered, be it an error. @throws {CliError} `network` when nothing usable came. */
  readonly poll: () => Promise<MsalResponse<JsonObject>>;
}

/** What `slow_down` adds to this and all later waits (RFC 8628 section 3.5). */
const SLOW_DOWN_MS = 5_000;

/** Errors that a service has for a while (RFC 6749 section 4.1.2.1). */
const TRANSIENT = ["temporarily_unavailable", "server_error"];

/** The longest wait after failures in a row. */
const MAX_WAIT_MS = 60_000;

/**
 * Polls the token endpoint by RFC 8628 section 3.5 until the person has decided, and gives the answer. A network that
 * fails, and a service that can't answer, are survived: asked again after a while that doubles each time.
 *
 * @throws {CliError} `timeout` when the code is no longer good, `access_denied` when the person declined.
 */
export async function pollForTokens(polling: DevicePolling): Promise<MsalResponse<JsonObject>> {
  const { clock, signal } = polling;
  const life = startLife(clock, polling.expiresInSeconds * 1000);
  let intervalMs = polling.intervalSeconds * 1000;
  let failures = 0;
  while (true) {
    const longest = Math.max(intervalMs, MAX_WAIT_MS);
    const waitMs = Math.min(intervalMs * 2 ** failures, longest);
    await clock.wait(Math.min(waitMs, Math.max(life.leftMs(), 0)), signal);
    if (life.leftMs() <= 0) throw expired(null);
    const answer = await pollOnce(polling);
    failures = answer === null ? failures + 1 : 0;
    if (answer === null) continue;
    const reported = parseReportedError(answer.body);
    if (reported?.error === "slow_down") intervalMs += SLOW_DOWN_MS;
    else if (reported?.error !== "authorization_pending") return publishOutcome(answer, reported);
  }
}

/** Either clock may run out first: one stands still while the machine sleeps, the other may be set. */
function startLife(clock: Clock, lifeMs: number): { leftMs(): number } {
  const ends = { wall: clock.now() + lifeMs, steady: clock.monotonic() + lifeMs };
  return { leftMs: () => Math.min(ends.wall - clock.now(), ends.steady - clock.monotonic()) };
}

/** The answer, or null where the network or the service failed in a way that passes. */
async function pollOnce({ poll }: DevicePolling): Promise<MsalResponse<JsonObject> | null> {
  try {
    const answer = await poll();
    return TRANSIENT.includes(parseReportedError(answer.body)?.error ?? "") ? null : answer;
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "network") throw error;
    return null;
  }
}

function publishOutcome(
  answer: MsalResponse<JsonObject>,
  reported: ReportedError | null,
): MsalResponse<JsonObject> {
  if (reported?.error === "expired_token") throw expired(reported);
  if (reported?.error === "authorization_declined") {
    throw new CliError("access_denied", "The sign-in was declined on the page where the code was entered", {
      hint: "Run the command again and accept, or ask for fewer scopes with --scope.",
      ...referenceOf(reported),
    });
  }
  return answer;
}

function expired(reported: ReportedError | null): CliError {
  return new CliError("timeout", "The device code expired before the sign-in was finished", {
    hint: "Run the command again for a new code, and enter it before it expires.",
    ...(reported === null ? {} : referenceOf(reported)),
  });
}

/** What the support asks for. */
function referenceOf({ aadsts, correlationId }: ReportedError): CliErrorOptions {
  return {
    ...(aadsts === undefined ? {} : { aadsts }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}
