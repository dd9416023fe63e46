import { CliError } from "../../errors.ts";
import { parseScopes } from "../../identity/scopes.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../text/json.ts";
import { Secret } from "../../text/secret.ts";
import { type Flow, needsCredential, type Profile } from "../profile.ts";
import {
  checkAuthority,
  checkClientId,
  checkFlow,
  checkProfileName,
  checkTenant,
} from "../validate_fields.ts";
import { deriveKey, isSealed, openSealed, undecryptable } from "./passphrase_seal.ts";
import { notAnExport, parsePortable, type PortableProfile } from "./portable_file.ts";

/** A profile from a file. */
export interface ImportedProfile extends PortableProfile {
  /** One sentence per value that is not imported and that the user has to take care of. */
  readonly notes: readonly string[];
}

export interface ReadPortableOptions {
  /** The path of the file, for messages. */
  readonly path: string;
  /** Replaces the name of the only profile in the file. */
  readonly newName: string | undefined;
  /** Called if the file needs a passphrase. */
  readonly askPassphrase: () => Promise<Secret>;
}

/**
 * Reads the profiles in a file: an export of this program, plain or sealed, a `profiles.json`, or profiles of the .NET tool
 * of the same name. Validates all of it before it returns anything.
 *
 * @throws {CliError} `invalid_profile` for another format, a newer or damaged file, or a wrong passphrase; `usage` for a
 *   new name if there are several profiles; whatever `askPassphrase` throws.
 */
export async function readPortable(text: string, options: ReadPortableOptions): Promise<ImportedProfile[]> {
  const found = await read(text.replace(/^\uFEFF/, ""), options);
  const [first, ...others] = found;
  if (first === undefined) throw notAnExport(options.path, "it contains no profile");
  if (options.newName === undefined) return found;
  if (others.length === 0) {
    return [{ ...first, profile: { ...first.profile, name: checkProfileName(options.newName) } }];
  }
  throw new CliError("usage", `--name is for one profile, but ${options.path} contains ${found.length}`, {
    hint: "Omit --name, or export a single profile.",
  });
}

async function read(
  text: string,
  { path, newName, askPassphrase }: ReadPortableOptions,
): Promise<ImportedProfile[]> {
  const exported = decodeDotnetExport(text);
  if (exported !== null) {
    const value = await openDotnetExport(path, exported, await askPassphrase());
    return parseDotnetProfiles(path, value, newName);
  }
  const value = tryParse(text);
  if (isSealed(value)) {
    return withoutNotes(await parsePortable(path, await openSealed(path, value, askPassphrase)));
  }
  if (isDotnetProfiles(value)) return parseDotnetProfiles(path, value, newName);
  // For what looks like JSON, the parser reports the place of the mistake.
  if (value === undefined && !/^\s*[{[]/.test(text)) throw notAnExport(path);
  return withoutNotes(await parsePortable(path, text));
}

function withoutNotes(profiles: Awaited<ReturnType<typeof parsePortable>>): ImportedProfile[] {
  return profiles.map((profile) => ({ ...profile, notes: [] }));
}

/** Returns undefined for text that is not JSON. */
function tryParse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** An export of the .NET tool is salt, initialization vector and ciphertext: PBKDF2 with HMAC-SHA-256, then AES-256-CBC. */
const ITERATIONS = 100_000;
const SALT_LENGTH = 32;
const IV_LENGTH = 16;
const BLOCK_LENGTH = 16;

/** Decodes an export of the .NET tool of the same name, which is base64. Returns null for any other text. */
function decodeDotnetExport(text: string): Uint8Array<ArrayBuffer> | null {
  const base64 = text.trim();
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(base64)) return null;
  try {
    const bytes = Uint8Array.fromBase64(base64.replaceAll(/\s/g, ""));
    const encrypted = bytes.length - SALT_LENGTH - IV_LENGTH;
    return encrypted >= BLOCK_LENGTH && encrypted % BLOCK_LENGTH === 0 ? bytes : null;
  } catch {
    return null;
  }
}

/**
 * Decrypts an export of the .NET tool. Returns the JSON value in it.
 *
 * @param path The path of the file, for messages.
 * @throws {CliError} `invalid_profile` for a wrong passphrase or a damaged file, which cannot be distinguished.
 */
async function openDotnetExport(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  passphrase: Secret,
): Promise<unknown> {
  const salt = bytes.slice(0, SALT_LENGTH);
  const iv = bytes.slice(SALT_LENGTH, SALT_LENGTH + IV_LENGTH);
  const key = await deriveKey(passphrase, { salt, iterations: ITERATIONS, cipher: "AES-CBC" });
  try {
    const text = await crypto.subtle.decrypt(
      { name: "AES-CBC", iv },
      key,
      bytes.slice(SALT_LENGTH + IV_LENGTH),
    );
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    throw undecryptable(path);
  }
}

/** Reports whether the JSON value could be profiles of the .NET tool. */
function isDotnetProfiles(value: unknown): boolean {
  return Array.isArray(value) ||
    isJsonObject(value) && (Array.isArray(value.profiles) || isJsonObject(fieldOf(value, "profile")));
}

/**
 * Parses profiles of the .NET tool: its `profiles.json`, which is an array according to its code and an object with an array
 * according to its documentation, or one exported profile. Field names match in any case, with or without `_`.
 *
 * @param path The path of the file, for messages.
 * @param newName Replaces the name of the only profile.
 * @throws {CliError} `invalid_profile` that names the profile and the field.
 */
function parseDotnetProfiles(
  path: string,
  value: unknown,
  newName: string | undefined,
): ImportedProfile[] {
  if (isJsonObject(value) && isJsonObject(fieldOf(value, "profile"))) {
    return [parseDotnetProfile(path, fieldOf(value, "profile"), 1, newName, exportedSecrets(value))];
  }
  const list = isJsonObject(value) ? value.profiles : value;
  const records: unknown[] = Array.isArray(list) ? list : [];
  const onlyName = records.length === 1 ? newName : undefined;
  const profiles = records.map((record, index) => parseDotnetProfile(path, record, index + 1, onlyName));
  const duplicate = profiles.find(({ profile }, index) =>
    profiles.findIndex((other) => other.profile.name === profile.name) !== index
  );
  if (duplicate !== undefined) throw invalidFile(path, `duplicate profile '${duplicate.profile.name}'`);
  return profiles;
}

function exportedSecrets(value: JsonObject): Omit<PortableProfile, "profile"> {
  return {
    clientSecret: secretField(value, "clientsecret"),
    certificatePassword: secretField(value, "certificatepassword"),
  };
}

function secretField(fields: JsonObject, name: string): Secret | undefined {
  const value = fieldOf(fields, name);
  return isText(value) ? new Secret(value) : undefined;
}

/** @param number The position of the profile in the file, for messages. */
function parseDotnetProfile(
  path: string,
  record: unknown,
  number: number,
  newName: string | undefined,
  secrets: Omit<PortableProfile, "profile"> = {},
): ImportedProfile {
  if (!isJsonObject(record)) throw invalidFile(path, `profile ${number} is not an object`);
  const read = <T>(field: string, check: (text: string) => T): T | undefined => {
    const text = fieldOf(record, field);
    if (text === undefined || text === null) return undefined;
    try {
      if (!isText(text)) throw new CliError("usage", `${field} is not a string`);
      return check(text);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw invalidFile(path, `profile ${number}: ${error.message}`, error.hint);
    }
  };
  const required = <T>(field: string, value: T | undefined): T => {
    if (value === undefined) throw invalidFile(path, `profile ${number}: ${field} is missing`);
    return value;
  };
  const name = newName ?? required("name", read("name", checkProfileName));
  const method = read("authmethod", (text) => text.toLowerCase().replaceAll("_", ""));
  const flow = read("defaultflow", checkFlow) ?? read("flow", checkFlow) ?? flowOf(method);
  const certificate = read("certificatepath", (text) => text);
  const profile: Profile = {
    name,
    tenantId: required("tenantId", read("tenantid", checkTenant)),
    clientId: required("clientId", read("clientid", checkClientId)),
    flow,
    scopes: scopesOf(path, record, number),
    authority: read("authority", (text) => checkAuthority(text).base),
    certificate: needsCredential(flow) ? certificate : undefined,
  };
  const redirectUri = read("redirecturi", (text) => text);
  return { profile, ...secrets, notes: notesOn({ profile, ...secrets }, method, redirectUri) };
}

/** Returns the flow that the .NET tool uses for a profile that names none. */
function flowOf(method: string | undefined): Flow {
  return method === "clientsecret" || method === "certificate" ? "client-credentials" : "interactive";
}

function scopesOf(path: string, record: JsonObject, number: number): string[] {
  const value = fieldOf(record, "scopes") ?? fieldOf(record, "scope") ?? [];
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (!texts.every(isText)) throw invalidFile(path, `profile ${number}: a scope is not a string`);
  try {
    const scopes = parseScopes(texts);
    const resource = fieldOf(record, "resource");
    return scopes.length === 0 && isText(resource) ? parseScopes([`${resource}/.default`]) : scopes;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw invalidFile(path, `profile ${number}: ${error.message}`, error.hint);
  }
}

function notesOn(
  { profile: { name, flow, certificate }, clientSecret, certificatePassword }: PortableProfile,
  method: string | undefined,
  redirectUri: string | undefined,
): string[] {
  const notes: string[] = [];
  if (needsCredential(flow) && method === "clientsecret" && clientSecret === undefined) {
    notes.push(
      `The client secret of profile '${name}' is not in the file. To store it: ` +
        `printenv SECRET | entra-auth-cli edit-profile --name "${name}" --client-secret-stdin`,
    );
  }
  if (certificate !== undefined && method === "certificate" && certificatePassword === undefined) {
    notes.push(
      `The certificate password of profile '${name}' is not in the file. entra-auth-cli prompts for it.`,
    );
  }
  if (redirectUri !== undefined && !/^http:\/\/localhost(:\d+)?\/?$/.test(redirectUri)) {
    notes.push(
      `The redirect URI of profile '${name}' was not imported: entra-auth-cli uses http://localhost with any port.`,
    );
  }
  return notes;
}

/** Returns the field with this name in any case, with or without `_`. */
function fieldOf(fields: JsonObject, name: string): unknown {
  const key = Object.keys(fields).find((key) => key.toLowerCase().replaceAll("_", "") === name);
  return key === undefined ? undefined : fields[key];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function invalidFile(path: string, detail: string, hint?: string): CliError {
  return new CliError("invalid_profile", `Invalid ${path}: ${detail}`, {
    hint: `${hint === undefined ? "" : `${hint} `}Nothing was imported.`,
  });
}
