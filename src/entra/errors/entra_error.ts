import { CliError, type ErrorCode } from "../../errors.ts";
import { ADFS } from "../../identity/cloud.ts";
import { plainText } from "../../text/plain_text.ts";
import {
  findCode,
  findMeaning,
  findRemedy,
  findSuberror,
  formatHint,
  isPersonalTenant,
} from "./aadsts/find_remedy.ts";
import { type ErrorContext, type Remedy, SIGN_IN_LOGS } from "./aadsts/remedy.ts";
import type { ReportedError } from "./reported_error.ts";

const NEEDS_USER = ["interaction_required", "login_required", "consent_required", "invalid_grant"];

/** The user declined the permissions, whatever the error code. */
const CONSENT_DECLINED = "AADSTS65004";

/**
 * Returns the error to show for what the authority reported: the message and hint of a known number; otherwise those of a
 * known suberror or error code with the authority's own words; otherwise these words. The words are also the error's
 * `description`.
 *
 * @param silently Whether the request was made without the user. A demand for the user is then `interaction_required`,
 *   which a sign-in fixes; otherwise that sign-in has just failed.
 */
export function entraError(reported: ReportedError, context: ErrorContext, silently: boolean): CliError {
  const { aadsts, correlationId, claims } = reported;
  const known = aadsts === undefined ? null : findRemedy(aadsts);
  const suberror = findSuberror(reported.suberror);
  const isFinal = [known, suberror].some((found) => found?.isFinal);
  return new CliError(
    errorCode(reported, silently && !isFinal),
    messageOf(reported, known, suberror, silently),
    {
      hint: hintOf(reported, known, suberror, context),
      aadsts,
      correlationId,
      claims,
      description: wordsOf(reported) ?? undefined,
    },
  );
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
    description: reported === null ? undefined : wordsOf(reported) ?? undefined,
  });
}

function messageOf(
  reported: ReportedError,
  known: Remedy | null,
  suberror: Remedy | null,
  silently: boolean,
): string {
  const { error, aadsts } = reported;
  if (known !== null) return ownMessage(known, silently);
  const words = wordsOf(reported);
  const after = words === null ? "" : `: ${words}`;
  const meaning = suberror ?? (aadsts === undefined ? null : findMeaning(aadsts));
  if (meaning !== null) return `${ownMessage(meaning, silently)}${after}`;
  if (aadsts !== undefined) return `Sign-in failed: ${words ?? plainText(error, 100)}`;
  const code = findCode(error);
  // Codes of others, which may hold anything.
  const shown = plainText(error, 100);
  if (code === null) return words === null ? `Sign-in failed: ${shown}` : `Sign-in failed (${shown})${after}`;
  return `${ownMessage(code, silently)} (${shown})${after}`;
}

function ownMessage({ message, messageAtSignIn = message }: Remedy, silently: boolean): string {
  return silently ? message : messageAtSignIn;
}

function hintOf(
  reported: ReportedError,
  known: Remedy | null,
  suberror: Remedy | null,
  context: ErrorContext,
): string {
  if (known !== null) return formatHint(known, context);
  const { error, aadsts, uri } = reported;
  const found = suberror ?? (aadsts === undefined ? findCode(error) : findMeaning(aadsts));
  const lines = found === null ? lookUpLines(reported, context) : [formatHint(found, context)];
  if (uri !== undefined) lines.push(`The authority's page on it: ${uri}`);
  return lines.join("\n");
}

/** The lines for an error that is not in the table. */
function lookUpLines(
  { aadsts, correlationId, timestamp }: ReportedError,
  { tenant }: ErrorContext,
): string[] {
  const unknown = aadsts === undefined ? "" : `${aadsts} is not in this program's list. `;
  if (isPersonalTenant(tenant) || tenant === ADFS) {
    return [`${unknown}Try again, and check --scope and --client-id.`];
  }
  const by = correlationId === undefined ? "" : ` by the correlation ID ${correlationId}`;
  const at = timestamp === undefined ? "" : `, at ${timestamp}`;
  return [`${unknown}A tenant administrator can find the sign-in${by}${at}: ${SIGN_IN_LOGS}`];
}

/** Returns the authority's own words on one line, without the labelled values after them, or null without any. */
function wordsOf({ description }: ReportedError): string | null {
  const [words = ""] = (description ?? "").split(/\s*\b(?:Trace ID|Correlation ID|Timestamp): /);
  return plainText(words) || null;
}

function errorCode(reported: ReportedError, signInMayHelp: boolean): ErrorCode {
  const { error, aadsts, claims } = reported;
  if (error === "access_denied" || aadsts === CONSENT_DECLINED) return "access_denied";
  if (isNetworkFailure(error, aadsts)) return "network";
  const needsUser = NEEDS_USER.includes(error) || claims !== undefined;
  return signInMayHelp && needsUser ? "interaction_required" : "sign_in_failed";
}

/** B2C also reports mistakes of users and of its configuration as `server_error`. */
function isNetworkFailure(error: string, aadsts: string | undefined): boolean {
  if (error === "temporarily_unavailable") return true;
  return error === "server_error" && (aadsts === undefined || findMeaning(aadsts)?.class === "retry");
}
