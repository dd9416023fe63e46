import { CliError } from "../../errors.ts";
import type { Account } from "../../identity/token.ts";

/** How a command prints what it knows. */
export type DocumentForm = "text" | "json" | "yaml";

/** All of them. */
export const DOCUMENT_FORMS: readonly DocumentForm[] = ["text", "json", "yaml"];

/** The form that `--output` names. @throws {CliError} `usage` when it names none. */
export function parseDocumentForm(text = "text"): DocumentForm {
  const form = DOCUMENT_FORMS.find((name) => name === text);
  if (form !== undefined) return form;
  throw new CliError("usage", `Unknown output form: ${JSON.stringify(text)}`, {
    hint: "Choose text, json or yaml.",
  });
}

/** `value` as a document for programs, with its line end. */
export async function documentText(value: unknown, form: "json" | "yaml"): Promise<string> {
  if (form === "json") return jsonText(value);
  const { stringify } = await import("@std/yaml/stringify");
  const text = stringify(value);
  // YAML takes the marks that reorder text as they are. JSON is YAML too, and has them escaped.
  return isObeyed(text) ? jsonText(value) : text;
}

/** What JSON leaves as it is in a string, and a terminal obeys: DEL, C1, and the marks that reorder text. */
const OBEYED = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Whether `text` has a character that a terminal would obey, other than those that every form escapes. */
export function isObeyed(text: string): boolean {
  return text.search(OBEYED) !== -1;
}

/**
 * `value` as the JSON document of a command, with its line end. Characters that a terminal would obey are escaped: the
 * document says the same and is harmless on a screen.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(OBEYED, escaped) + "\n";
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
