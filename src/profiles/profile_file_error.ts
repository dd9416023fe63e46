import { CliError } from "../errors.ts";
import { duplicateKey, type Place, placeOf, syntaxError } from "./json_place.ts";
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
