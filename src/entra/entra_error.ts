import { CliError, type ErrorCode } from "../errors.ts";
import { plainText } from "../plain_text.ts";

/** What the sentences about an error may name: the application and tenant of this very sign-in. */
export interface ErrorContext {
  /** Application (client) id. */
  readonly clientId: string;
  /** Tenant as configured. */
  readonly tenant: string;
}

/** An error as the authority reports it, in a token response or in the redirect. */
export interface ReportedError {
  /** The `error` of RFC 6749, such as `invalid_grant`. */
  readonly error: string;
  /** The authority's words, or null. */
  readonly description: string | null;
  /** Identifies the request to the support. */
  readonly correlationId?: string;
  /** Claims that the next sign-in has to carry: the text of a JSON object. */
  readonly claims?: string;
}

/** What a person can do about an AADSTS number. */
type Remedy = { readonly message: string; readonly hint: (context: ErrorContext) => string };

const REMEDIES: Readonly<Record<string, Remedy>> = {
  AADSTS50011: {
    message: "The application does not have http://localhost as a redirect URI",
    hint: ({ clientId }) =>
      `Add it under Authentication, Mobile and desktop applications, or run\n` +
      `az ad app update --id ${clientId} --public-client-redirect-uris http://localhost`,
  },
  AADSTS7000218: {
    message: "The application is not registered as a public client",
    hint: ({ clientId }) =>
      `Move http://localhost from Web to Mobile and desktop applications and allow public client flows:\n` +
      `az ad app update --id ${clientId} --is-fallback-public-client true ` +
      `--public-client-redirect-uris http://localhost`,
  },
  AADSTS700016: {
    message: "The tenant does not know this application",
    hint: ({ clientId, tenant }) =>
      `Check the client ID ${clientId} and the tenant ${tenant}: az ad app show --id ${clientId}`,
  },
  AADSTS90002: {
    message: "There is no such tenant",
    hint: ({ tenant }) => `Check the tenant ID ${tenant}: az account show --query tenantId`,
  },
  AADSTS50020: {
    message: "The account does not exist in this tenant",
    hint: ({ tenant }) =>
      `Sign in with an account of ${tenant}, or have the account invited there as a guest.`,
  },
  AADSTS65001: {
    message: "The application has no consent for these scopes",
    hint: ({ clientId }) =>
      `Sign in again and accept, or ask an administrator for: az ad app permission admin-consent --id ${clientId}`,
  },
  AADSTS65004: {
    message: "Consent was declined",
    hint: () => "Sign in again and accept, or ask for fewer scopes with --scope.",
  },
  AADSTS53003: {
    message: "A Conditional Access policy blocks this sign-in",
    hint: () =>
      "Ask the tenant's administrator which policy it is; the sign-in log has it by the correlation ID.",
  },
};

const NEEDS_THE_USER = ["interaction_required", "login_required", "consent_required", "invalid_grant"];

/** Errors of the service itself, which pass with time (RFC 6749 section 4.1.2.1). */
const PASSING = ["temporarily_unavailable", "server_error"];

/** Reads the error fields of a token response, or null when the body reports none. */
export function parseReportedError(body: Readonly<Record<string, unknown>>): ReportedError | null {
  if (typeof body.error !== "string" || body.error === "") return null;
  return {
    error: body.error,
    description: typeof body.error_description === "string" ? body.error_description : null,
    ...(typeof body.correlation_id === "string" ? { correlationId: plainText(body.correlation_id, 64) } : {}),
    ...(isJsonObject(body.claims) ? { claims: body.claims } : {}),
  };
}

/**
 * The error to show for what the authority reported. Known numbers get a sentence and a remedy of their own; any other
 * is shown in the authority's words, made fit for a terminal.
 *
 * @param silently Whether the request was made without the user: then a demand for the user is `interaction_required`,
 *   which a sign-in mends; otherwise that sign-in just failed.
 */
export function entraError(reported: ReportedError, context: ErrorContext, silently: boolean): CliError {
  const words = plainText((reported.description ?? reported.error).split(/\s*Trace ID:/)[0] ?? "");
  const aadsts = words.match(/AADSTS\d+/)?.[0];
  const correlationId = reported.correlationId ??
    reported.description?.match(/Correlation ID: ([\da-f-]{36})/i)?.[1];
  const remedy = aadsts === undefined ? undefined : REMEDIES[aadsts];
  return new CliError(errorCode(reported.error, silently), remedy?.message ?? `Sign-in failed: ${words}`, {
    ...(remedy === undefined ? {} : { hint: remedy.hint(context) }),
    ...(aadsts === undefined ? {} : { aadsts }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(reported.claims === undefined ? {} : { claims: reported.claims }),
  });
}

function errorCode(error: string, silently: boolean): ErrorCode {
  if (error === "access_denied") return "access_denied";
  if (PASSING.includes(error)) return "network";
  return silently && NEEDS_THE_USER.includes(error) ? "interaction_required" : "sign_in_failed";
}

/** Text that isn't the JSON object it has to be would make the next sign-in impossible. */
function isJsonObject(text: unknown): text is string {
  if (typeof text !== "string") return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
