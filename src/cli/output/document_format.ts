import { CliError } from "../../errors.ts";
import type { Account } from "../../identity/token.ts";
import { escapeJson, isUnsafeDocument } from "../../text/plain_text.ts";

export const DOCUMENT_FORMATS = ["text", "json", "yaml"] as const;

/** The output format of a command that prints more than a token. */
export type DocumentFormat = typeof DOCUMENT_FORMATS[number];

/** Parses the value of `--output`. @throws {CliError} `usage` if it is not a format. */
export function parseDocumentFormat(text = "text"): DocumentFormat {
  const format = DOCUMENT_FORMATS.find((name) => name === text);
  if (format !== undefined) return format;
  throw new CliError(
    "usage",
    `Invalid output format ${JSON.stringify(text)}: expected ${DOCUMENT_FORMATS.join(", ")}`,
    { hint: "Example: --output json" },
  );
}

/** Formats `value` as a document, with a final newline. */
export async function formatDocument(value: unknown, format: "json" | "yaml"): Promise<string> {
  if (format === "json") return formatJson(value);
  const { stringify } = await import("@std/yaml/stringify");
  const text = stringify(value);
  // YAML escapes neither invisible characters nor commands to a CI log. JSON is YAML too, and formatJson() does.
  return isUnsafeDocument(text) ? formatJson(value) : text;
}

/**
 * Formats `value` as indented JSON, with a final newline. What a terminal or a CI log interprets is escaped, which leaves
 * the meaning of the document unchanged.
 */
export function formatJson(value: unknown): string {
  return escapeJson(JSON.stringify(value, null, 2)) + "\n";
}

/** Returns the `account` member of every JSON and YAML document; null for a token of an application. */
export function accountDocument(account: Account | null): Record<string, unknown> | null {
  return account === null ? null : {
    username: account.username,
    object_id: account.objectId,
    tenant_id: account.tenantId,
  };
}
