import { CliError } from "../../errors.ts";
import { isJsonObject, type JsonObject } from "../../text/json.ts";
import { Secret } from "../../text/secret.ts";
import type { Profile } from "../profile.ts";
import {
  emptyProfileFile,
  formatProfileFile,
  parseProfileFile,
  profileIn,
  profileRecord,
} from "../profile_file.ts";
import { rejectDuplicates } from "../profile_file_error.ts";

/** A profile to export or import. Tokens remain on the machine where the user signed in. */
export interface PortableProfile {
  readonly profile: Profile;
  /** The secret of the application, if it is exported. */
  readonly clientSecret?: Secret | undefined;
  /** The password of the certificate, if it is exported. */
  readonly certificatePassword?: Secret | undefined;
}

/** The member `format` of an export, which distinguishes it from other JSON. */
export const PORTABLE_FORMAT = "entra-auth-cli-profiles";

/**
 * Formats an export: `profiles.json` with a `format`, and with `secrets` by profile if there are any. The caller encrypts
 * an export with secrets.
 */
export function formatPortable(portable: readonly PortableProfile[]): string {
  const records = portable.map(({ profile }) => [profile.name, profileRecord(profile)]);
  const secrets = portable.map(({ profile, clientSecret, certificatePassword }) => [profile.name, {
    clientSecret: clientSecret?.reveal(),
    certificatePassword: certificatePassword?.reveal(),
  }]).filter(([, texts]) => Object.values(texts ?? {}).some((secret) => secret !== undefined));
  const file = emptyProfileFile("");
  const rest = {
    format: PORTABLE_FORMAT,
    ...file.rest,
    secrets: secrets.length === 0 ? undefined : Object.fromEntries(secrets),
  };
  return new TextDecoder().decode(formatProfileFile({ ...file, rest }, Object.fromEntries(records)));
}

/**
 * Parses what {@linkcode formatPortable} returns, or a bare `profiles.json`. Validates every profile.
 *
 * @param path The path of the file, for messages.
 * @throws {CliError} `invalid_profile` with line and column.
 */
export async function parsePortable(path: string, text: string): Promise<PortableProfile[]> {
  const file = await parseProfileFile(path, new TextEncoder().encode(text));
  await rejectDuplicates(file);
  const { format = PORTABLE_FORMAT, secrets = {} } = file.rest;
  if (format !== PORTABLE_FORMAT) throw notAnExport(path);
  if (!isJsonObject(secrets)) throw damaged(path, "secrets is not an object");
  const profiles: PortableProfile[] = [];
  for (const name of Object.keys(file.profiles)) {
    const profile = await profileIn(file, name);
    if (profile !== null) profiles.push({ profile, ...secretsOf(path, name, secrets) });
  }
  if (profiles.length === 0) throw notAnExport(path, "it contains no profile");
  return profiles;
}

function secretsOf(path: string, name: string, secrets: JsonObject): Omit<PortableProfile, "profile"> {
  const texts = Object.hasOwn(secrets, name) ? secrets[name] : {};
  if (!isJsonObject(texts)) {
    throw damaged(path, `the secrets of profile ${JSON.stringify(name)} are not an object`);
  }
  return {
    clientSecret: parseSecret(path, texts.clientSecret),
    certificatePassword: parseSecret(path, texts.certificatePassword),
  };
}

function parseSecret(path: string, value: unknown): Secret | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "") throw damaged(path, "a secret is not a string");
  return new Secret(value);
}

export function notAnExport(path: string, detail = "unrecognized format"): CliError {
  return new CliError("invalid_profile", `Invalid file ${path}: expected exported profiles (${detail})`, {
    hint: "entra-auth-cli export-profile --all --file FILE\nThis exports the profiles of another machine.",
  });
}

function damaged(path: string, detail: string): CliError {
  return new CliError("invalid_profile", `${path} is damaged: ${detail}`, {
    hint: "Export the profiles again.",
  });
}
