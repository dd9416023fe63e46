import { CliError, type ErrorCode } from "../../errors.ts";
import { plainText } from "../../text/plain_text.ts";
import { findRemedy } from "./aadsts/find_remedy.ts";
import { type ErrorContext, type Remedy, SIGN_IN_LOGS } from "./aadsts/remedy.ts";
import type { ReportedError } from "./reported_error.ts";
import { findSuberror } from "./suberrors.ts";

const NEEDS_THE_USER = ["interaction_required", "login_required", "consent_required", "invalid_grant"];

/** Errors of the service itself, which pass with time (RFC 6749 section 4.1.2.1). */
const TRANSIENT = ["temporarily_unavailable", "server_error"];

/**
 * The error to show for what the authority reported. Known numbers get a sentence and a remedy of their own; any other
 * is shown in the authority's words, made fit for a terminal.
 *
 * @param silently Whether the request was made without the user: then a demand for the user is `interaction_required`,
 *   which a sign-in mends; otherwise that sign-in just failed.
 */
export function entraError(reported: ReportedError, context: ErrorContext, silently: boolean): CliError {
  const { aadsts, correlationId, claims } = reported;
  const remedy = (aadsts === undefined ? null : findRemedy(aadsts)) ?? findSuberror(reported.suberror);
  const isFinal = [remedy, findSuberror(reported.suberror)].some((found) => found?.isFinal);
  return new CliError(errorCode(reported, silently && !isFinal), sentence(reported, remedy), {
    hint: remedy === null ? lookUp(reported) : remedy.hint(context),
    ...(aadsts === undefined ? {} : { aadsts }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(claims === undefined ? {} : { claims }),
  });
}

/** The error for a trouble of the service's own (a status of 429, or 500 and above), with what it said about it. */
export function serviceError(
  host: string,
  status: number,
  reported: ReportedError | null,
  hint = "Try again in a minute.",
): CliError {
  const { aadsts, correlationId } = reported ?? {};
  const known = aadsts === undefined ? null : findRemedy(aadsts);
  const cannot = `${host} cannot answer right now (status ${status})`;
  return new CliError("network", known === null ? cannot : `${cannot}: ${known.message}`, {
    hint,
    ...(aadsts === undefined ? {} : { aadsts }),
    ...(correlationId === undefined ? {} : { correlationId }),
  });
}

function sentence({ error, description }: ReportedError, remedy: Remedy | null): string {
  if (remedy !== null) return remedy.message;
  const [words = ""] = (description ?? error).split(/\s*Trace ID:/);
  return `Sign-in failed: ${plainText(words)}`;
}

/** What to do about an error that nobody wrote a remedy for. */
function lookUp({ aadsts, correlationId, timestamp }: ReportedError): string {
  const at = [
    correlationId === undefined ? "" : ` by the correlation ID ${correlationId}`,
    timestamp === undefined ? "" : `, at ${timestamp}`,
  ].join("");
  const what = aadsts === undefined ? "" : `${aadsts} is not in this program's list. `;
  return `${what}The tenant's administrator finds the sign-in${at}: ${SIGN_IN_LOGS}`;
}

function errorCode({ error, claims }: ReportedError, mayMendIt: boolean): ErrorCode {
  if (error === "access_denied") return "access_denied";
  if (TRANSIENT.includes(error)) return "network";
  const needsTheUser = NEEDS_THE_USER.includes(error) || claims !== undefined;
  return mayMendIt && needsTheUser ? "interaction_required" : "sign_in_failed";
}
