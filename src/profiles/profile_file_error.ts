import { CliError } from "../errors.ts";
import { isTooDeep } from "../text/json.ts";

/** The file with the mistake. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/** A position in a text, counted from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** Creates the error for the value at the JSON path `at`, with line and column. */
export async function profileFileError(
  { path, text }: FileText,
  at: readonly (string | number)[],
  message: string,
  hint?: string,
): Promise<CliError> {
  if (isDeepText(text)) return await notJson({ path, text });
  return errorAt(path, await placeOf(text, at), message, hint);
}

/** Creates the error for text that is not JSON, or that is nested too deeply. */
export async function notJson({ path, text }: FileText): Promise<CliError> {
  const start = { line: 1, column: 1 };
  if (isJson(text)) return errorAt(path, start, "the values are nested too deeply");
  const detail = text.trim() === "" ? "the file is empty" : "this is not JSON";
  return errorAt(path, await syntaxError(text) ?? start, detail);
}

export async function newerFile({ path, text }: FileText, version: number): Promise<CliError> {
  if (isDeepText(text)) return await notJson({ path, text });
  const message = `version ${version} is newer than this program`;
  return errorIn(path, await placeOf(text, ["version"]), message, "Update entra-auth-cli.");
}

/** Rejects a file with a duplicate key: a rewrite would drop one of the two. @throws {CliError} `invalid_profile` */
export async function rejectDuplicates(
  { path, text, value }: FileText & { readonly value: unknown },
): Promise<void> {
  // Of two keys that are the same, the value has one. Counting takes a fraction of the time of finding them.
  if (keysInText(text) === keysInValue(value)) return;
  const duplicate = await duplicateKey(text);
  if (duplicate !== null) {
    throw errorAt(path, duplicate.place, `Duplicate key ${JSON.stringify(duplicate.key)}`);
  }
}

function errorAt(path: string, place: Place, message: string, hint?: string): CliError {
  return errorIn(
    path,
    place,
    message,
    `${hint === undefined ? "" : `${hint} `}Correct the file in an editor.`,
  );
}

function errorIn(path: string, { line, column }: Place, message: string, hint: string): CliError {
  return new CliError("invalid_profile", `${path}, line ${line}, column ${column}: ${message}`, {
    hint: `${hint} The file was not changed.`,
  });
}

/** The type of the JSON parser, which is loaded only to locate a mistake. */
type JsonParser = typeof import("jsonc-parser");
const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Reports whether JSON text is nested too deeply to look for a place in it: the parser is recursive. */
function isDeepText(text: string): boolean {
  return isTooDeep(JSON.parse(text));
}

/** Returns the place of the first syntax error, or null if the parser finds none. */
async function syntaxError(text: string): Promise<Place | null> {
  const { parseTree } = await loadParser();
  const mistakes: { offset: number }[] = [];
  try {
    parseTree(text, mistakes as Parameters<JsonParser["parseTree"]>[1], STRICT);
  } catch (error) {
    // The parser is recursive: deeply nested text overflows the stack.
    if (!(error instanceof RangeError)) throw error;
  }
  const first = mistakes[0];
  return first === undefined ? null : placeAt(text, first.offset);
}

/** Returns the place of the value at `path`. If it does not exist, that of the nearest value around it. */
async function placeOf(text: string, path: readonly (string | number)[]): Promise<Place> {
  const { parseTree, findNodeAtLocation } = await loadParser();
  const tree = parseTree(text, [], STRICT);
  for (let length = path.length; tree !== undefined && length >= 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node !== undefined) return placeAt(text, node.offset);
  }
  return { line: 1, column: 1 };
}

/** Counts the keys of all objects in JSON text. */
function keysInText(text: string): number {
  let keys = 0;
  for (let start = text.indexOf('"'); start !== -1;) {
    let end = text.indexOf('"', start + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (text.charCodeAt(next) <= SPACE) next++;
    if (text[next] === ":") keys++;
    start = text.indexOf('"', next);
  }
  return keys;
}

const SPACE = 0x20;

/** Reports whether an odd number of backslashes precedes the character at `offset`. */
function isEscaped(text: string, offset: number): boolean {
  let backslashes = 0;
  while (text[offset - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

/** Counts the keys of all objects in a value of JSON. */
function keysInValue(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let keys = 0;
  for (const name in value) {
    if (!Array.isArray(value)) keys++;
    const member: unknown = value[name as keyof typeof value];
    if (typeof member === "object") keys += keysInValue(member);
  }
  return keys;
}

interface DuplicateKey {
  readonly key: string;
  /** The place of its second occurrence. */
  readonly place: Place;
}

/** Returns the first duplicate key of an object in the JSON `text`, or null. */
async function duplicateKey(text: string): Promise<DuplicateKey | null> {
  const { visit } = await loadParser();
  const openObjects: Set<string>[] = [];
  let found: DuplicateKey | null = null;
  visit(text, {
    onObjectBegin: () => {
      openObjects.push(new Set());
    },
    onObjectProperty: (key, offset) => {
      const keys = openObjects.at(-1);
      if (keys?.has(key)) found ??= { key, place: placeAt(text, offset) };
      keys?.add(key);
    },
    onObjectEnd: () => {
      openObjects.pop();
    },
  }, STRICT);
  return found;
}

async function loadParser(): Promise<JsonParser> {
  return await import("jsonc-parser");
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
