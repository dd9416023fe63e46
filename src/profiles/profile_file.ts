import { CliError } from "../errors.ts";
import { FieldError, validateProfile } from "./validate_profile.ts";
import type { Profile } from "./profile.ts";

/** What `profiles.json` holds: its outer form is judged, the profiles in it are not yet. */
export interface ProfileFile {
  /** Path of the file, for messages. */
  readonly path: string;
  /** Its text, to say where a mistake is. */
  readonly text: string;
  /** Everything beside the profiles, kept as it is. */
  readonly rest: Fields;
  /** Each profile under its name. */
  readonly profiles: Fields;
}

/** The fields of a JSON object, not judged yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The version of the file's form. */
export const VERSION = 1;

/** Reads `profiles.json`. @throws {CliError} `invalid_profile` with line and column when it can't be understood. */
export async function parseProfileFile(path: string, content: Uint8Array): Promise<ProfileFile> {
  const text = decode(path, content);
  const value = await parseJson(path, text);
  if (!isFields(value)) throw await placedError({ path, text }, [], "an object is expected here");
  const { profiles = {}, ...rest } = value;
  const { version = VERSION } = rest;
  if (typeof version === "number" && version > VERSION) {
    const { newerFile } = await import("./profile_file_error.ts");
    throw await newerFile({ path, text }, version);
  }
  if (version !== VERSION) {
    throw await placedError({ path, text }, ["version"], `version must be ${VERSION}`);
  }
  if (!isFields(profiles)) {
    throw await placedError({ path, text }, ["profiles"], "profiles must be an object");
  }
  return { path, text, rest: { version, ...rest }, profiles };
}

/** The profile `name` of the file, or null. @throws {CliError} `invalid_profile` with line and column. */
export async function profileIn(file: ProfileFile, name: string): Promise<Profile | null> {
  if (!Object.hasOwn(file.profiles, name)) return null;
  const fields = file.profiles[name];
  try {
    if (!isFields(fields)) throw new FieldError([], "a profile must be an object");
    return validateProfile(name, fields);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw await placedError(file, ["profiles", name, ...error.path], error.message, error.hint);
  }
}

/** Whether `value` is an object of JSON. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function decode(path: string, content: Uint8Array): string {
  try {
    // A byte order mark, which some editors put in front, is dropped.
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw new CliError("invalid_profile", `${path} is not UTF-8 text`, { hint: "Save it as UTF-8." });
  }
}

async function parseJson(path: string, text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes what it read, and a file that is imported can hold secrets.
    const { notJson } = await import("./profile_file_error.ts");
    throw await notJson({ path, text });
  }
}

/** Where a mistake is, is found out once there is one. */
async function placedError(
  file: { readonly path: string; readonly text: string },
  at: readonly (string | number)[],
  message: string,
  hint?: string,
): Promise<CliError> {
  const { profileFileError } = await import("./profile_file_error.ts");
  return await profileFileError(file, at, message, hint);
}
