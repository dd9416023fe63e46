import { CliError } from "../errors.ts";
import { parseScopes } from "../identity/scopes.ts";
import { checkAuthority } from "./validate_authority.ts";
import {
  checkClientId,
  checkExpectedTenant,
  checkExpectedUser,
  checkFlow,
  checkLoginHint,
  checkProfileName,
  checkTenant,
} from "./validate_fields.ts";
import { DEFAULT_FLOW, type Profile } from "./profile.ts";
import type { Fields } from "./profile_file.ts";

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
