import { CliError } from "../../errors.ts";
import type { Account } from "../../identity/token.ts";

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
  // YAML does not escape the characters that reorder text. JSON is YAML too, and does.
  return text.search(TERMINAL_CONTROLS) === -1 ? text : formatJson(value);
}

/** Characters that JSON does not escape and a terminal interprets: DEL, C1 controls, and those that reorder text. */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Formats `value` as indented JSON, with a final newline. Characters that a terminal interprets are escaped, which leaves
 * the meaning of the document unchanged.
 */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(TERMINAL_CONTROLS, escaped) + "\n";
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Returns the `account` member of every JSON and YAML document; null for a token of an application. */
export function accountDocument(account: Account | null): Record<string, unknown> | null {
  return account === null ? null : {
    username: account.username,
    object_id: account.objectId,
    tenant_id: account.tenantId,
  };
}
