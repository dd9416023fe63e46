import { CliError } from "../errors.ts";
import { canonicalAuthority } from "../identity/cloud.ts";
import { PROFILE_ID_PATTERN, type ProfileIdentity } from "../identity/profile_identity.ts";
import { parseScopes } from "../identity/scopes.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { isJsonObject, type JsonObject, parseJson } from "../text/json.ts";
import { DEFAULT_FLOW, type Profile } from "./profile.ts";
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
import { newerFile, notJson, profileFileError } from "./profile_file_error.ts";

/** The content of `profiles.json`. Its outer form is validated, the profiles are not. */
export interface ProfileFile {
  /** For messages. */
  readonly path: string;
  /** To locate mistakes. */
  readonly text: string;
  /** The value of the text. */
  readonly value: JsonObject;
  /** All members but the profiles, which a rewrite keeps. */
  readonly rest: JsonObject;
  /** The profiles by name. */
  readonly profiles: JsonObject;
}

export const PROFILE_FILE = "profiles.json";

const VERSION = 1;

/** Reads the file in `folder`, or returns null if there is none. @throws {CliError} Like `ProfileStore`. */
export async function readProfileFile(folder: PrivateFolder): Promise<ProfileFile | null> {
  const content = await folder.read(PROFILE_FILE, "readable");
  return content === null ? null : await parseProfileFile(folder.pathOf(PROFILE_FILE), content);
}

/**
 * Returns a function like {@linkcode readProfileFile} that parses the file again only if it has changed: a command looks
 * into it several times.
 */
export function profileFileReader(folder: PrivateFolder): () => Promise<ProfileFile | null> {
  let last: { readonly content: Uint8Array; readonly file: ProfileFile } | null = null;
  return async () => {
    const content = await folder.read(PROFILE_FILE, "readable");
    if (content === null) return null;
    if (last === null || !isEqual(last.content, content)) {
      last = { content, file: await parseProfileFile(folder.pathOf(PROFILE_FILE), content) };
    }
    return last.file;
  };
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** Parses `profiles.json`. @throws {CliError} `invalid_profile` with line and column. */
export async function parseProfileFile(path: string, content: Uint8Array): Promise<ProfileFile> {
  const text = decode(path, content);
  const value = await parseText(path, text);
  if (!isJsonObject(value)) throw await errorAt({ path, text }, [], "expected an object");
  const { profiles = {}, ...rest } = value;
  const { version = VERSION } = rest;
  if (typeof version === "number" && version > VERSION) {
    throw await newerFile({ path, text }, version);
  }
  if (version !== VERSION) throw await errorAt({ path, text }, ["version"], `version must be ${VERSION}`);
  if (!isJsonObject(profiles)) {
    throw await errorAt({ path, text }, ["profiles"], "profiles must be an object");
  }
  return { path, text, value, rest: { version, ...rest }, profiles };
}

/** Returns the profile `name` of the file, or null. @throws {CliError} `invalid_profile` with line and column. */
export async function profileIn(file: ProfileFile, name: string): Promise<Profile | null> {
  if (!Object.hasOwn(file.profiles, name)) return null;
  const fields = file.profiles[name];
  try {
    if (!isJsonObject(fields)) throw new FieldError([], "a profile must be an object");
    return validateProfile(name, fields);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw await errorAt(file, ["profiles", name, ...error.path], error.message, error.hint);
  }
}

/**
 * Returns the identity of the profile `name`, or null if it has none yet. It is no part of {@linkcode Profile}, so that
 * neither an edit nor an export can copy it.
 *
 * @throws {CliError} `invalid_profile` with line and column.
 */
export async function identityIn(file: ProfileFile, name: string): Promise<ProfileIdentity | null> {
  const fields = Object.hasOwn(file.profiles, name) ? file.profiles[name] : undefined;
  if (!isJsonObject(fields) || !Object.hasOwn(fields, "id")) return null;
  const { id, generation = 1 } = fields;
  if (typeof id !== "string" || !PROFILE_ID_PATTERN.test(id)) {
    throw await errorAt(file, ["profiles", name, "id"], "id must be 32 hexadecimal digits", REMOVE_ID);
  }
  if (typeof generation !== "number" || !Number.isSafeInteger(generation) || generation < 0) {
    const message = "generation must be a whole number";
    throw await errorAt(file, ["profiles", name, "generation"], message, REMOVE_ID);
  }
  return { id, generation };
}

const REMOVE_ID = "Remove id and generation from the profile, then sign in again.";

/** Formats an identity for the record of a profile. */
export function identityRecord({ id, generation }: ProfileIdentity): JsonObject {
  return { id, generation: generation === 1 ? undefined : generation };
}

/** Returns the name of the profile that the user chose as default, or null if there is none or it no longer exists. */
export function currentIn({ rest, profiles }: ProfileFile): string | null {
  const { [CURRENT]: name } = rest;
  return typeof name === "string" && Object.hasOwn(profiles, name) ? name : null;
}

/** The member of the file that names the chosen profile. Versions that do not know it keep it. */
export const CURRENT = "current";

/** Creates a file without a profile, to be written to `path`. */
export function emptyProfileFile(path: string): ProfileFile {
  return { path, text: "", value: {}, rest: { version: VERSION }, profiles: {} };
}

/** Formats `profiles.json` with these profiles, indented for people. */
export function formatProfileFile(file: Pick<ProfileFile, "rest">, profiles: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ ...file.rest, profiles }, null, 2) + "\n");
}

/** Returns the fields of a profile for the file: without its name, which is the key, and without empty ones. */
export function profileRecord({ name: _, ...fields }: Profile): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== "" && value !== undefined),
  );
}

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

/** Returns the fields of a record that this program does not know, which the user has added. */
export function unknownFields(record: unknown): JsonObject {
  if (!isJsonObject(record)) return {};
  return Object.fromEntries(Object.entries(record).filter(([field]) => !Object.hasOwn(KNOWN_FIELDS, field)));
}

function decode(path: string, content: Uint8Array): string {
  try {
    // The decoder drops a byte order mark, which some editors write.
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw new CliError("invalid_profile", `${path} is not UTF-8 text`, {
      hint: "Save the file as UTF-8.",
    });
  }
}

async function parseText(path: string, text: string): Promise<unknown> {
  try {
    return parseJson(text);
  } catch {
    // The parser's message quotes its input, and an imported file can contain secrets.
    throw await notJson({ path, text });
  }
}

async function errorAt(
  file: { readonly path: string; readonly text: string },
  at: readonly (string | number)[],
  message: string,
  hint?: string,
): Promise<CliError> {
  return await profileFileError(file, at, message, hint);
}

/** An invalid field of a profile. */
class FieldError extends Error {
  /** The path of the field from the profile: its name, and the position in an array. */
  readonly path: readonly (string | number)[];
  readonly hint: string | undefined;

  constructor(path: readonly (string | number)[], message: string, hint?: string) {
    super(message);
    this.path = path;
    this.hint = hint;
  }
}

/** @throws {FieldError} for the first invalid field. */
function validateProfile(name: string, fields: JsonObject): Profile {
  const optional = {
    authority: textIn(fields, "authority", (text) => (checkAuthority(text), canonicalAuthority(text))),
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
    ...optional,
  };
}

function textIn<T>(fields: JsonObject, field: string, check: (text: string) => T): T | undefined {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw new FieldError([field], `${field} must be a string`);
  return checked([field], () => check(value));
}

function scopesIn(fields: JsonObject, field: string): string[] {
  const value = Object.hasOwn(fields, field) ? fields[field] : [];
  if (!Array.isArray(value)) throw new FieldError([field], `${field} must be an array of strings`);
  return value.flatMap((scope: unknown, position) => {
    if (typeof scope === "string") return checked([field, position], () => parseScopes([scope]));
    throw new FieldError([field, position], "a scope must be a string");
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
