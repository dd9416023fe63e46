import { CliError } from "../errors.ts";
import { parseScopes } from "../scopes.ts";
import { checkAuthority } from "./check_authority.ts";
import {
  checkClientId,
  checkExpectedTenant,
  checkExpectedUser,
  checkFlow,
  checkLoginHint,
  checkProfileName,
  checkTenant,
} from "./check_profile.ts";
import { duplicateKey, type Place, placeOf, syntaxMistake } from "./json_place.ts";
import { DEFAULT_FLOW, type Profile } from "./profile.ts";

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

const VERSION = 1;

/** A file without a profile, to be written to `path`. */
export function emptyProfileFile(path: string): ProfileFile {
  return { path, text: "", rest: { version: VERSION }, profiles: {} };
}

/** Reads `profiles.json`. @throws {CliError} `invalid_profile` with line and column when it can't be understood. */
export async function parseProfileFile(path: string, content: Uint8Array): Promise<ProfileFile> {
  const text = decode(path, content);
  const value = await parseJson(path, text);
  if (!isFields(value)) throw await mistake({ path, text }, [], "an object is expected here");
  const { profiles = {}, ...rest } = value;
  const { version = VERSION } = rest;
  if (typeof version === "number" && version > VERSION) {
    const what = `version ${version} is newer than this program`;
    throw mistakeIn(path, await placeOf(text, ["version"]), what, "Update entra-auth-cli; the file");
  }
  if (version !== VERSION) throw await mistake({ path, text }, ["version"], `version must be ${VERSION}`);
  if (!isFields(profiles)) throw await mistake({ path, text }, ["profiles"], "profiles must be an object");
  return { path, text, rest: { version, ...rest }, profiles };
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

/** The profile `name` of the file, or null. @throws {CliError} `invalid_profile` with line and column. */
export async function profileIn(file: ProfileFile, name: string): Promise<Profile | null> {
  if (!Object.hasOwn(file.profiles, name)) return null;
  const fields = file.profiles[name];
  if (!isFields(fields)) throw await mistake(file, ["profiles", name], "a profile must be an object");
  const judge = new FieldJudge(file, name, fields);
  const optional = {
    authority: await judge.text("authority", (text) => (checkAuthority(text), text)),
    loginHint: await judge.text("loginHint", checkLoginHint),
    expectUser: await judge.text("expectUser", checkExpectedUser),
    expectTenant: await judge.text("expectTenant", checkExpectedTenant),
    certificate: await judge.text("certificate", (text) => text),
  };
  const flow = await judge.text("flow", checkFlow) ?? DEFAULT_FLOW;
  const id = async (field: string, check: (text: string) => string) =>
    flow === "managed-identity"
      ? await judge.text(field, check) ?? ""
      : await judge.requiredText(field, check);
  return {
    name: await judge.name(),
    tenantId: await id("tenantId", checkTenant),
    clientId: await id("clientId", checkClientId),
    flow,
    scopes: await judge.scopes("scopes"),
    ...withoutUndefined(optional),
  };
}

/** The fields that have a value. */
function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: NonNullable<T[K]> };
}

/** Refuses a file that says something twice: a rewrite would drop one of the two. @throws {CliError} `invalid_profile` */
export async function refuseDuplicates(file: ProfileFile): Promise<void> {
  if (file.text === "") return;
  const duplicate = await duplicateKey(file.text);
  if (duplicate !== null) {
    throw mistakeAt(file.path, duplicate.place, `${JSON.stringify(duplicate.key)} is there twice`);
  }
}

/** Judges the fields of one profile, and says where a wrong one is. */
class FieldJudge {
  readonly #file: ProfileFile;
  readonly #name: string;
  readonly #fields: Fields;

  constructor(file: ProfileFile, name: string, fields: Fields) {
    this.#file = file;
    this.#name = name;
    this.#fields = fields;
  }

  async name(): Promise<string> {
    return await this.#checked([], () => checkProfileName(this.#name));
  }

  async text<T>(field: string, check: (text: string) => T): Promise<T | undefined> {
    const value = Object.hasOwn(this.#fields, field) ? this.#fields[field] : undefined;
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw await this.#mistake([field], `${field} must be a text in quotes`);
    return await this.#checked([field], () => check(value));
  }

  async requiredText<T>(field: string, check: (text: string) => T): Promise<T> {
    const value = await this.text(field, check);
    if (value === undefined) throw await this.#mistake([], `${field} is missing`);
    return value;
  }

  async scopes(field: string): Promise<string[]> {
    const value = Object.hasOwn(this.#fields, field) ? this.#fields[field] : [];
    if (!Array.isArray(value)) throw await this.#mistake([field], `${field} must be a list of texts`);
    const scopes: string[] = [];
    for (const [place, scope] of value.entries()) {
      if (typeof scope !== "string") {
        throw await this.#mistake([field, place], "a scope must be a text in quotes");
      }
      scopes.push(...await this.#checked([field, place], () => parseScopes([scope])));
    }
    return scopes;
  }

  async #checked<T>(path: readonly (string | number)[], check: () => T): Promise<T> {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw await this.#mistake(path, error.message, error.hint);
    }
  }

  #mistake(path: readonly (string | number)[], message: string, hint?: string): Promise<CliError> {
    return mistake(this.#file, ["profiles", this.#name, ...path], message, hint);
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
    const place = await syntaxMistake(text);
    const detail = text.trim() === "" ? "the file is empty" : "this is not JSON";
    throw mistakeAt(path, place ?? { line: 1, column: 1 }, detail);
  }
}

async function mistake(
  { path, text }: { path: string; text: string },
  at: readonly (string | number)[],
  message: string,
  hint?: string,
): Promise<CliError> {
  return mistakeAt(path, await placeOf(text, at), message, hint);
}

function mistakeAt(path: string, place: Place, message: string, hint?: string): CliError {
  return mistakeIn(
    path,
    place,
    message,
    `${hint === undefined ? "" : `${hint} `}Correct the file with an editor; it`,
  );
}

/** `remedy` is the beginning of what to do, up to what was left as it is. */
function mistakeIn(path: string, { line, column }: Place, message: string, remedy: string): CliError {
  return new CliError("invalid_profile", `${path}, line ${line}, column ${column}: ${message}`, {
    hint: `${remedy} was left as it is.`,
  });
}
