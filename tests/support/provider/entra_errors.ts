import { RULES } from "./entra_error_rules.ts";
import type { Json } from "./failures.ts";

/** An error in Entra's terms. */
export interface EntraError {
  readonly error: string;
  readonly aadsts: number;
  readonly description: string;
  readonly suberror?: string;
}

/** An error of oidc-provider: the OAuth code, the public description and the private detail. */
export interface ProviderError {
  readonly error: string;
  readonly description?: string;
  readonly detail?: string;
}

/** Converts an error of oidc-provider into Entra's, which quotes `params`, the parameters of the request. */
export function toEntraError(
  failed: ProviderError,
  endpoint: string,
  params: Readonly<Record<string, unknown>> = {},
): EntraError {
  if (failed.error === "access_denied") return declined(endpoint, failed.description);
  const said = `${failed.detail ?? ""} ${failed.description ?? ""}`;
  const rule = RULES.find(({ when, says }) =>
    when === failed.error && (says === undefined || says.test(said))
  );
  return {
    error: rule?.error ?? failed.error,
    aadsts: rule?.aadsts ?? 900023,
    description: (rule?.description ?? failed.description ?? "The request is not valid.")
      .replace(/\{(\w+)\}/g, (_, name) => String(params[name] ?? "")),
    ...(rule?.suberror === undefined ? {} : { suberror: rule.suberror }),
  };
}

/** The JSON body of Entra's token and device endpoints. */
export function entraErrorBody(
  error: EntraError & { claims?: string },
  correlationId: string = crypto.randomUUID(),
): Json {
  const { traceId, timestamp, text } = describe(error, correlationId);
  return {
    error: error.error,
    error_description: text,
    error_codes: [error.aadsts],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: errorUri(error),
    ...(error.suberror === undefined ? {} : { suberror: error.suberror }),
    ...(error.claims === undefined ? {} : { claims: error.claims }),
  };
}

/** The error parameters that go to the redirect URI. */
export function entraErrorParameters(
  error: EntraError,
  correlationId: string = crypto.randomUUID(),
): Record<string, string> {
  return {
    error: error.error,
    ...(error.error === "access_denied" ? { error_subcode: "cancel" } : {}),
    error_description: describe(error, correlationId).text,
    error_uri: errorUri(error),
  };
}

/** The correlation id of a request: the client's own, in a header or in the query, or a new one. */
export function correlationOf(headers: Record<string, unknown>, query: URLSearchParams): string {
  const named = headers["client-request-id"] ?? query.get("client-request-id");
  return typeof named === "string" && named !== "" ? named : crypto.randomUUID();
}

function describe(error: EntraError, correlationId: string) {
  const traceId = crypto.randomUUID();
  const timestamp = new Date().toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z");
  const text = [
    `AADSTS${error.aadsts}: ${error.description}`,
    `Trace ID: ${traceId}`,
    `Correlation ID: ${correlationId}`,
    `Timestamp: ${timestamp}`,
  ].join("\r\n");
  return { traceId, timestamp, text };
}

function errorUri(error: EntraError): string {
  return `https://login.microsoftonline.com/error?code=${error.aadsts}`;
}

/**
 * The description inside the provider if a user returns from the page that asks for an administrator. What Entra sends then
 * is in no public recording: tests of other programs have this number, or `error_subcode=cancel` without a description.
 */
export const ADMIN_CONSENT_MISSING = "administrator has not consented";

function declined(endpoint: string, reason: string | undefined): EntraError {
  if (reason === ADMIN_CONSENT_MISSING) {
    return {
      error: "access_denied",
      aadsts: 90094,
      description: "An administrator must grant the permissions that this application requests.",
    };
  }
  return {
    // The device flow has its own name for a refusal.
    error: endpoint === "token" ? "authorization_declined" : "access_denied",
    aadsts: 65004,
    description: "User declined to consent to access the app.",
  };
}
