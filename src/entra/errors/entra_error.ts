import { CliError, type ErrorCode } from "../../errors.ts";
import { plainText } from "../../text/plain_text.ts";
import { findMeaning, findRemedy, findSuberror, formatHint } from "./aadsts/find_remedy.ts";
import { type ErrorContext, type Remedy, SIGN_IN, SIGN_IN_LOGS } from "./aadsts/remedy.ts";
import { isTransient, type ReportedError } from "./reported_error.ts";

const NEEDS_USER = ["interaction_required", "login_required", "consent_required", "invalid_grant"];

const CANCELLED: Remedy = {
  class: "sign_in",
  message: "The sign-in was cancelled or declined in the browser",
  hint: [SIGN_IN, "Accept the permissions in the browser."],
};

const SERVICE_FAILED: Remedy = {
  class: "retry",
  message: "The sign-in service failed (server_error)",
  hint: ["Try again in a few minutes."],
};

/** Begins what Entra and B2C append to a description: IDs and the time. */
const TRACE = /\s*(?:Trace ID|Correlation ID|Timestamp):/;

/**
 * Returns the error to show for what the authority reported: the message and hint of a known error code, otherwise the
 * authority's own description without control characters.
 *
 * @param silently Whether the request was made without the user. A demand for the user is then `interaction_required`,
 *   which a sign-in fixes; otherwise that sign-in has just failed.
 */
export function entraError(reported: ReportedError, context: ErrorContext, silently: boolean): CliError {
  const { aadsts, correlationId, claims } = reported;
  const known = aadsts === undefined ? null : findRemedy(aadsts);
  const suberror = findSuberror(reported.suberror);
  const isFinal = [known, suberror].some((found) => found?.isFinal);
  const remedy = known ?? suberror ?? withoutNumber(reported);
  const meaning = remedy ?? (aadsts === undefined ? null : findMeaning(aadsts));
  return new CliError(errorCode(reported, silently && !isFinal), messageOf(reported, known, meaning), {
    hint: meaning === null ? lookUpHint(reported) : formatHint(meaning, context),
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

/** Returns the remedy for an error code of OAuth (RFC 6749 section 4.1.2.1) that comes without Entra's number. */
function withoutNumber({ error, aadsts, description }: ReportedError): Remedy | null {
  if (aadsts !== undefined) return null;
  if (error === "access_denied") return CANCELLED;
  return error === "server_error" && description === null ? SERVICE_FAILED : null;
}

/** The message of a known number; otherwise the authority's words say more than the meaning. */
function messageOf(
  { error, description }: ReportedError,
  known: Remedy | null,
  meaning: Remedy | null,
): string {
  if (known !== null) return known.message;
  const words = description === null ? null : plainText(description.split(TRACE, 1)[0] ?? "");
  if (meaning === null) return `Sign-in failed: ${words ?? plainText(error)}`;
  return words === null ? meaning.message : `${meaning.message}: ${words}`;
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
