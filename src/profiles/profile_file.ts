import { CliError } from "../errors.ts";
import { canonicalAuthority } from "../identity/cloud.ts";
import { PROFILE_ID_PATTERN, type ProfileIdentity } from "../identity/profile_identity.ts";
import { parseScopes } from "../identity/scopes.ts";
import type { FileFacts } from "../system/files/files.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { isJsonObject, isTooDeep, type JsonObject } from "../text/json.ts";
import { DEFAULT_FLOW, type Profile } from "./profile.ts";
import type { FileText } from "./profile_file_error.ts";
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

/** The content of `profiles.json`. Its outer form is validated, the profiles are not: {@linkcode profileIn} does that. */
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
 * Returns a function that reads the file like {@linkcode readProfileFile}, but leaves values that are nested too deeply to
 * {@linkcode profileIn}, and parses only what has changed: a command looks into the file several times.
 */
export function profileFileReader(folder: PrivateFolder): () => Promise<ProfileFile | null> {
  let last: { readonly file: ProfileFile; readonly facts: FileFacts } | null = null;
  return async () => {
    const found = await folder.readChanged(PROFILE_FILE, "readable", last?.facts ?? null);
    if (found === null) return null;
    const { bytes, facts } = found;
    if (bytes !== null) {
      const path = folder.pathOf(PROFILE_FILE);
      const text = decode(path, bytes);
      last = { file: last?.file.text === text ? last.file : await parseText(path, text), facts };
    }
    return last?.file ?? null;
  };
}

/** Parses `profiles.json`. @throws {CliError} `invalid_profile` with line and column. */
export async function parseProfileFile(path: string, content: Uint8Array): Promise<ProfileFile> {
  const file = await parseText(path, decode(path, content));
  await rejectDeepValues(file);
  return file;
}

/** Rejects a file that overflows the stack of whatever walks through it. @throws {CliError} `invalid_profile` */
export async function rejectDeepValues(file: ProfileFile): Promise<void> {
  if (isTooDeep(file.value)) throw await notJson(file);
}

async function parseText(path: string, text: string): Promise<ProfileFile> {
  const value = await parseJsonText(path, text);
  if (!isJsonObject(value)) throw await errorAt({ path, text }, [], "expected an object");
  const { profiles = {}, ...rest } = value;
  if (isTooDeep(rest)) throw await notJson({ path, text });
  const { version = VERSION } = rest;
  if (typeof version === "number" && version > VERSION) {
    throw await (await errors()).newerFile({ path, text }, version);
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
  if (isTooDeep(file.profiles[name])) throw await notJson(file);
  const [profile = null] = await profilesIn(file, [name]);
  return profile;
}

/** Returns these profiles of a file without deep values. @throws {CliError} `invalid_profile` with line and column. */
export async function profilesIn(file: ProfileFile, names: readonly string[]): Promise<Profile[]> {
  // One promise for all: thousands would take longer than the profiles.
  const profiles: Profile[] = [];
  for (const name of names) {
    const fields = file.profiles[name];
    try {
      if (!isJsonObject(fields)) throw new FieldError([], "a profile must be an object");
      profiles.push(validateProfile(name, fields));
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      throw await errorAt(file, ["profiles", name, ...error.path], error.message, error.hint);
    }
  }
  return profiles;
}

/**
 * Returns the identity of the profile `name`, or null if it has none yet. It is no part of {@linkcode Profile}, so that
 * neither an edit nor an export can copy it.
 *
 * @throws {CliError} `invalid_profile` with line and column.
 */
export async function identityIn(file: ProfileFile, name: string): Promise<ProfileIdentity | null> {
  const [identity = null] = (await identitiesIn(file, [name])).values();
  return identity;
}

/** Returns the identities of these profiles by name, like {@linkcode identityIn}. */
export async function identitiesIn(
  file: ProfileFile,
  names: readonly string[],
): Promise<ReadonlyMap<string, ProfileIdentity | null>> {
  const identities = new Map<string, ProfileIdentity | null>();
  for (const name of names) {
    const fields = Object.hasOwn(file.profiles, name) ? file.profiles[name] : undefined;
    try {
      identities.set(name, isJsonObject(fields) ? validateIdentity(fields) : null);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      throw await errorAt(file, ["profiles", name, ...error.path], error.message, error.hint);
    }
  }
  return identities;
}

/** @throws {FieldError} */
function validateIdentity(fields: JsonObject): ProfileIdentity | null {
  if (!Object.hasOwn(fields, "id")) return null;
  const { id, generation = 1 } = fields;
  if (typeof id !== "string" || !PROFILE_ID_PATTERN.test(id)) {
    throw new FieldError(["id"], "id must be 32 hexadecimal digits", REMOVE_ID);
  }
  if (typeof generation !== "number" || !Number.isSafeInteger(generation) || generation < 0) {
    throw new FieldError(["generation"], "generation must be a whole number", REMOVE_ID);
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
  // The decoder drops a byte order mark, which some editors write. A strict one takes several times as long, so it looks only
  // at text with the character that stands for invalid bytes.
  const text = new TextDecoder().decode(content);
  if (!text.includes("\uFFFD")) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw new CliError("invalid_profile", `${path} is not UTF-8 text`, {
      hint: "Save the file as UTF-8.",
    });
  }
}

async function parseJsonText(path: string, text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes its input, and an imported file can contain secrets.
    throw await notJson({ path, text });
  }
}

/** Imported late: most files have no mistake. */
const errors = () => import("./profile_file_error.ts");

async function notJson(file: FileText): Promise<CliError> {
  return await (await errors()).notJson(file);
}

async function errorAt(
  file: FileText,
  at: readonly (string | number)[],
  message: string,
  hint?: string,
): Promise<CliError> {
  return await (await errors()).profileFileError(file, at, message, hint);
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
