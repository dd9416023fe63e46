import { CliError, type ErrorCode } from "../../errors.ts";
import { plainText } from "../../text/plain_text.ts";
import { findRemedy, findSuberror, formatHint } from "./aadsts/find_remedy.ts";
import { type ErrorContext, type Remedy, SIGN_IN_LOGS } from "./aadsts/remedy.ts";
import { isTransient, type ReportedError } from "./reported_error.ts";

const NEEDS_USER = ["interaction_required", "login_required", "consent_required", "invalid_grant"];

/**
 * Returns the error to show for what the authority reported: the message and hint of a known error code, otherwise the
 * authority's own description without control characters.
 *
 * @param silently Whether the request was made without the user. A demand for the user is then `interaction_required`,
 *   which a sign-in fixes; otherwise that sign-in has just failed.
 */
export function entraError(reported: ReportedError, context: ErrorContext, silently: boolean): CliError {
  const { aadsts, correlationId, claims } = reported;
  const suberror = findSuberror(reported.suberror);
  const remedy = (aadsts === undefined ? null : findRemedy(aadsts)) ?? suberror;
  const isFinal = [remedy, suberror].some((found) => found?.isFinal);
  return new CliError(errorCode(reported, silently && !isFinal), messageOf(reported, remedy), {
    hint: remedy === null ? lookUpHint(reported) : formatHint(remedy, context),
    aadsts,
    correlationId,
    claims,
  });
}

/** Returns the error for a failure of the service itself (status 429, or 500 and above). */
export function serviceError(
  host: string,
  status: number,
  reported: ReportedError | null,
  hint = "Try again in a minute.",
): CliError {
  const { aadsts, correlationId } = reported ?? {};
  const known = aadsts === undefined ? null : findRemedy(aadsts);
  const unavailable = `${host} is unavailable (status ${status})`;
  return new CliError("network", known === null ? unavailable : `${unavailable}: ${known.message}`, {
    hint,
    aadsts,
    correlationId,
  });
}

function messageOf({ error, description }: ReportedError, remedy: Remedy | null): string {
  if (remedy !== null) return remedy.message;
  const [words = ""] = (description ?? error).split(/\s*Trace ID:/);
  return `Sign-in failed: ${plainText(words)}`;
}

/** The hint for an error code without a remedy. */
function lookUpHint({ aadsts, correlationId, timestamp }: ReportedError): string {
  const by = correlationId === undefined ? "" : ` by the correlation ID ${correlationId}`;
  const at = timestamp === undefined ? "" : `, at ${timestamp}`;
  const unknown = aadsts === undefined ? "" : `${aadsts} is not in this program's list. `;
  return `${unknown}A tenant administrator can find the sign-in${by}${at}: ${SIGN_IN_LOGS}`;
}

function errorCode(reported: ReportedError, signInMayHelp: boolean): ErrorCode {
  if (reported.error === "access_denied") return "access_denied";
  if (isTransient(reported)) return "network";
  const needsUser = NEEDS_USER.includes(reported.error) || reported.claims !== undefined;
  return signInMayHelp && needsUser ? "interaction_required" : "sign_in_failed";
}
