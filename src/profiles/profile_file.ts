import { CliError } from "../errors.ts";
import { DEFAULT_FLOW, type Profile } from "./profile.ts";
import { parseScopes } from "../identity/scopes.ts";
import {
  checkAuthority,
  checkClientId,
  checkExpectedTenant,
  checkExpectedUser,
  checkFlow,
  checkLoginHint,
  checkProfileName,
  checkTenant,
} from "./validate_fields.ts";

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

/** A file without a profile, to be written to `path`. */
export function emptyProfileFile(path: string): ProfileFile {
  return { path, text: "", rest: { version: VERSION }, profiles: {} };
}

/** `profiles.json` with these profiles, in a form for people. */
export function formatProfileFile(file: ProfileFile, profiles: Fields): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ ...file.rest, profiles }, null, 2) + "\n");
}

/** A profile as it is written to the file, where its name is the key and what is empty is left out. */
export function profileRecord({ name: _, ...fields }: Profile): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

/** Fields of a profile that this program knows. */
const KNOWN_FIELDS: Readonly<Record<Exclude<keyof Profile, "name">, true>> = {
  tenantId: true,
  clientId: true,
  flow: true,
  scopes: true,
  authority: true,
  loginHint: true,
  expectUser: true,
  expectTenant: true,
  certificate: true,
};

/** What a record of the file says that this program doesn't know: its own user wrote it there. */
export function unknownFields(record: unknown): Fields {
  if (!isFields(record)) return {};
  return Object.fromEntries(Object.entries(record).filter(([field]) => !Object.hasOwn(KNOWN_FIELDS, field)));
}

/** A field of a profile is wrong. */
export class FieldError extends Error {
  /** What leads to it from the profile: the name of a field, and the place in a list. */
  readonly path: readonly (string | number)[];
  /** What to do, where more is to be said than what is wrong. */
  readonly hint: string | undefined;

  /** `message` says what is wrong. */
  constructor(path: readonly (string | number)[], message: string, hint?: string) {
    super(message);
    this.path = path;
    this.hint = hint;
  }
}

/** The profile `name` that these fields of the file describe. @throws {FieldMistake} for the first that is wrong. */
export function validateProfile(name: string, fields: Fields): Profile {
  const optional = {
    authority: textIn(fields, "authority", (text) => (checkAuthority(text), text)),
    loginHint: textIn(fields, "loginHint", checkLoginHint),
    expectUser: textIn(fields, "expectUser", checkExpectedUser),
    expectTenant: textIn(fields, "expectTenant", checkExpectedTenant),
    certificate: textIn(fields, "certificate", (text) => text),
  };
  const flow = textIn(fields, "flow", checkFlow) ?? DEFAULT_FLOW;
  const id = (field: string, check: (text: string) => string) => {
    const value = textIn(fields, field, check);
    if (value === undefined && flow !== "managed-identity") throw new FieldError([], `${field} is missing`);
    return value ?? "";
  };
  return {
    name: checked([], () => checkProfileName(name)),
    tenantId: id("tenantId", checkTenant),
    clientId: id("clientId", checkClientId),
    flow,
    scopes: scopesIn(fields, "scopes"),
    ...withoutUndefined(optional),
  };
}

/** The fields that have a value. */
function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: NonNullable<T[K]> };
}

function textIn<T>(fields: Fields, field: string, check: (text: string) => T): T | undefined {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw new FieldError([field], `${field} must be a text in quotes`);
  return checked([field], () => check(value));
}

function scopesIn(fields: Fields, field: string): string[] {
  const value = Object.hasOwn(fields, field) ? fields[field] : [];
  if (!Array.isArray(value)) throw new FieldError([field], `${field} must be a list of texts`);
  return value.flatMap((scope: unknown, place) => {
    if (typeof scope === "string") return checked([field, place], () => parseScopes([scope]));
    throw new FieldError([field, place], "a scope must be a text in quotes");
  });
}

function checked<T>(path: readonly (string | number)[], check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new FieldError(path, error.message, error.hint);
  }
}
