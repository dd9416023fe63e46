import type { CliError } from "../../../../src/errors.ts";
import type { ErrorContext } from "../../../../src/entra/aadsts/remedy.ts";
import { entraError } from "../../../../src/entra/entra_error.ts";
import { parseReportedError } from "../../../../src/entra/reported_error.ts";

/** The application that the errors of these tests are about. */
export const CONTEXT: ErrorContext = {
  clientId: "6731de76-14a6-49ae-97bc-6eba6914391e",
  tenant: "contoso.onmicrosoft.com",
  profile: "my app",
};

/** What Entra's support asks for. */
export const CORRELATION_ID = "fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7";

/** The body of an error from Entra's token endpoint, with its line breaks and its times as they are sent. */
export function entraBody(
  error: string,
  number: number,
  words: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  return {
    error,
    error_description: `AADSTS${number}: ${words}\r\nTrace ID: 255d1aef-8c98-452f-ac51-23d051240864\r\n` +
      `Correlation ID: ${CORRELATION_ID}\r\nTimestamp: 2026-01-09 02:02:12Z`,
    error_codes: [number],
    timestamp: "2026-01-09 02:02:12Z",
    trace_id: "255d1aef-8c98-452f-ac51-23d051240864",
    correlation_id: CORRELATION_ID,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    ...more,
  };
}

/** The error that the user sees for `body`. */
export function errorFor(body: Readonly<Record<string, unknown>>, silently: boolean): CliError {
  const reported = parseReportedError(body);
  if (reported === null) throw new Error("the body reports no error");
  return entraError(reported, CONTEXT, silently);
}
