import { decodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../errors.ts";
import { parseScopes } from "../../identity/scopes.ts";
import { Secret } from "../../text/secret.ts";
import {
  checkAuthority,
  checkClientId,
  checkFlow,
  checkProfileName,
  checkTenant,
} from "../validate_fields.ts";
import { type Flow, needsCredential, type Profile } from "../profile.ts";
import type { PortableProfile } from "./portable_file.ts";
import { isFields } from "../profile_file.ts";
import { cannotBeOpened, deriveKey } from "./passphrase_seal.ts";

/** A profile from a file, and what in the file it leaves behind. */
export interface ReadProfile extends PortableProfile {
  /** One sentence for each thing that is not carried over, for the user to see to. */
  readonly notes: readonly string[];
}

/** Whether the JSON value could be profiles of the .NET tool of the same name. */
export function isDotnetProfiles(value: unknown): boolean {
  return Array.isArray(value) ||
    isFields(value) && (Array.isArray(value.profiles) || isFields(fieldOf(value, "profile")));
}

/**
 * Reads the profiles of the .NET tool of the same name: its `profiles.json`, which is a list by its code and an object with
 * a list by its documentation, or one that it exported. Its field names count in any case, with `_` or without.
 *
 * @param path Of the file, for messages.
 * @param newName Name for the only profile, in place of its own.
 * @throws {CliError} `invalid_profile` that names the profile and the field.
 */
export function parseDotnetProfiles(
  path: string,
  value: unknown,
  newName: string | undefined,
): ReadProfile[] {
  if (isFields(value) && isFields(fieldOf(value, "profile"))) {
    return [parseProfile(path, fieldOf(value, "profile"), 1, newName, exportedSecrets(value))];
  }
  const list = isFields(value) ? value.profiles : value;
  const records: unknown[] = Array.isArray(list) ? list : [];
  const onlyName = records.length === 1 ? newName : undefined;
  const profiles = records.map((record, at) => parseProfile(path, record, at + 1, onlyName));
  const twice = profiles.find(({ profile }, at) =>
    profiles.findIndex((other) => other.profile.name === profile.name) !== at
  );
  if (twice !== undefined) throw profileFileError(path, `profile '${twice.profile.name}' is there twice`);
  return profiles;
}

function exportedSecrets(value: Fields): Omit<PortableProfile, "profile"> {
  const [clientSecret, certificatePassword] = [
    fieldOf(value, "clientsecret"),
    fieldOf(value, "certificatepassword"),
  ];
  return {
    ...(isText(clientSecret) ? { clientSecret: new Secret(clientSecret) } : {}),
    ...(isText(certificatePassword) ? { certificatePassword: new Secret(certificatePassword) } : {}),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseProfile(
  path: string,
  record: unknown,
  place: number,
  newName: string | undefined,
  secrets: Omit<PortableProfile, "profile"> = {},
): ReadProfile {
  if (!isFields(record)) throw profileFileError(path, `profile ${place} is not an object`);
  const read = <T>(field: string, check: (text: string) => T): T | undefined => {
    const text = fieldOf(record, field);
    if (text === undefined || text === null) return undefined;
    try {
      if (!isText(text)) throw new CliError("usage", `${field} is not a text`);
      return check(text);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw profileFileError(path, `profile ${place}: ${error.message}`, error.hint);
    }
  };
  const required = <T>(field: string, value: T | undefined): T => {
    if (value === undefined) throw profileFileError(path, `profile ${place}: ${field} is missing`);
    return value;
  };
  const name = newName ?? required("name", read("name", checkProfileName));
  const method = read("authmethod", (text) => text.toLowerCase().replaceAll("_", ""));
  const flow = read("defaultflow", checkFlow) ?? read("flow", checkFlow) ?? flowOf(method);
  const authority = read("authority", (text) => checkAuthority(text).base);
  const certificate = read("certificatepath", (text) => text);
  const profile: Profile = {
    name,
    tenantId: required("tenantId", read("tenantid", checkTenant)),
    clientId: required("clientId", read("clientid", checkClientId)),
    flow,
    scopes: scopesOf(path, record, place),
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined || !needsCredential(flow) ? {} : { certificate }),
  };
  const redirectUri = read("redirecturi", (text) => text);
  return { profile, ...secrets, notes: notesOn({ profile, ...secrets }, method, redirectUri) };
}

/** What that tool does where a profile names no flow. */
function flowOf(method: string | undefined): Flow {
  return method === "clientsecret" || method === "certificate" ? "client-credentials" : "interactive";
}

function scopesOf(path: string, record: Fields, place: number): string[] {
  const value = fieldOf(record, "scopes") ?? fieldOf(record, "scope") ?? [];
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (!texts.every(isText)) throw profileFileError(path, `profile ${place}: a scope is not a text`);
  try {
    const scopes = parseScopes(texts);
    const resource = fieldOf(record, "resource");
    return scopes.length === 0 && isText(resource) ? parseScopes([`${resource}/.default`]) : scopes;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw profileFileError(path, `profile ${place}: ${error.message}`, error.hint);
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
      `The client secret of profile '${name}' stays with the other program. Hand it over: ` +
        `printenv SECRET | entra-auth-cli edit-profile --name "${name}" --client-secret-stdin`,
    );
  }
  if (certificate !== undefined && method === "certificate" && certificatePassword === undefined) {
    notes.push(
      `The password of profile '${name}'s certificate stays with the other program; it will be asked for.`,
    );
  }
  if (redirectUri !== undefined && !/^http:\/\/localhost(:\d+)?\/?$/.test(redirectUri)) {
    notes.push(
      `The redirect URI of profile '${name}' is left out: this program's is http://localhost, with any port.`,
    );
  }
  return notes;
}

/** The field of this name, written in any case, with `_` or without. */
function fieldOf(fields: Fields, name: string): unknown {
  const key = Object.keys(fields).find((key) => key.toLowerCase().replaceAll("_", "") === name);
  return key === undefined ? undefined : fields[key];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function profileFileError(path: string, what: string, hint?: string): CliError {
  return new CliError("invalid_profile", `${path}, ${what}`, {
    hint: `${hint === undefined ? "" : `${hint} `}Nothing was imported.`,
  });
}

/** Its derivation: PBKDF2 with HMAC-SHA-256, then AES-256-CBC. */
const ITERATIONS = 100_000;
const SALT_LENGTH = 32;
const IV_LENGTH = 16;
const BLOCK_LENGTH = 16;

/** The bytes of an export of the .NET tool of the same name, or null for a text that can't be one: it is base64. */
export function dotnetExportError(text: string): Uint8Array<ArrayBuffer> | null {
  const base64 = text.trim();
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(base64)) return null;
  try {
    const bytes = new Uint8Array(decodeBase64(base64.replaceAll(/\s/g, "")));
    const encrypted = bytes.length - SALT_LENGTH - IV_LENGTH;
    return encrypted >= BLOCK_LENGTH && encrypted % BLOCK_LENGTH === 0 ? bytes : null;
  } catch {
    return null;
  }
}

/**
 * Opens such an export, which is salt, initialization vector and ciphertext; gives the JSON value in it.
 *
 * @param path Of the file, for messages.
 * @throws {CliError} `invalid_profile` for a wrong passphrase or a damaged file, which can't be told apart.
 */
export async function openDotnetExport(
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
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    throw cannotBeOpened(path);
  }
}
