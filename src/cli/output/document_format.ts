import { CliError } from "../../errors.ts";
import { isObeyed, jsonText } from "./json_text.ts";

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
