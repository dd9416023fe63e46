import { CliError } from "../errors.ts";
import type { ProfileFile } from "./profile_file.ts";

/** The file that has a mistake. */
export type WrongFile = Pick<ProfileFile, "path" | "text">;

/** What is wrong with the value that `at` leads to, with line and column. */
export async function profileFileError(
  { path, text }: WrongFile,
  at: readonly (string | number)[],
  message: string,
  hint?: string,
): Promise<CliError> {
  return errorAt(path, await placeOf(text, at), message, hint);
}

/** The error for a file that is no JSON. */
export async function notJson({ path, text }: WrongFile): Promise<CliError> {
  const detail = text.trim() === "" ? "the file is empty" : "this is not JSON";
  return errorAt(path, await syntaxError(text) ?? { line: 1, column: 1 }, detail);
}

/** The error for a file whose form only a later version of this program knows. */
export async function newerFile({ path, text }: WrongFile, version: number): Promise<CliError> {
  const what = `version ${version} is newer than this program`;
  return errorIn(path, await placeOf(text, ["version"]), what, "Update entra-auth-cli; the file");
}

/** Refuses a file that says something twice: a rewrite would drop one of the two. @throws {CliError} `invalid_profile` */
export async function refuseDuplicates(file: ProfileFile): Promise<void> {
  if (file.text === "") return;
  const duplicate = await duplicateKey(file.text);
  if (duplicate !== null) {
    throw errorAt(file.path, duplicate.place, `${JSON.stringify(duplicate.key)} is there twice`);
  }
}

function errorAt(path: string, place: Place, message: string, hint?: string): CliError {
  return errorIn(
    path,
    place,
    message,
    `${hint === undefined ? "" : `${hint} `}Correct the file with an editor; it`,
  );
}

/** `remedy` is the beginning of what to do, up to what was left as it is. */
function errorIn(path: string, { line, column }: Place, message: string, remedy: string): CliError {
  return new CliError("invalid_profile", `${path}, line ${line}, column ${column}: ${message}`, {
    hint: `${remedy} was left as it is.`,
  });
}

/** Where something is in a text, both counted from 1. */
export interface Place {
  /** The line. */
  readonly line: number;
  /** The column. */
  readonly column: number;
}

/** Of the JSON parser, which is loaded only where a mistake has to be found: the good case doesn't pay for it. */
type JsonParser = typeof import("jsonc-parser");
const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/** Where `text` stops being JSON, or null when that can't be told. */
export async function syntaxError(text: string): Promise<Place | null> {
  const { parseTree } = await loadParser();
  const mistakes: { offset: number }[] = [];
  parseTree(text, mistakes as Parameters<JsonParser["parseTree"]>[1], STRICT);
  const first = mistakes[0];
  return first === undefined ? null : placeAt(text, first.offset);
}

/** Where the value is that `path` leads to in the JSON `text`: of the nearest thing around it when it isn't there. */
export async function placeOf(text: string, path: readonly (string | number)[]): Promise<Place> {
  const { parseTree, findNodeAtLocation } = await loadParser();
  const tree = parseTree(text, [], STRICT);
  for (let length = path.length; tree !== undefined && length >= 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node !== undefined) return placeAt(text, node.offset);
  }
  return { line: 1, column: 1 };
}

/** A key that an object has twice. */
export interface DuplicateKey {
  /** The key. */
  readonly key: string;
  /** Where it is the second time. */
  readonly place: Place;
}

/** The first key that is twice in the same object of the JSON `text`, at its second place, or null. */
export async function duplicateKey(text: string): Promise<DuplicateKey | null> {
  const { visit } = await loadParser();
  const open: Set<string>[] = [];
  let found: DuplicateKey | null = null;
  visit(text, {
    onObjectBegin: () => {
      open.push(new Set());
    },
    onObjectProperty: (key, offset) => {
      const keys = open.at(-1);
      if (keys?.has(key)) found ??= { key, place: placeAt(text, offset) };
      keys?.add(key);
    },
    onObjectEnd: () => {
      open.pop();
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
