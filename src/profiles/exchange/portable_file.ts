import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import {
  emptyProfileFile,
  formatProfileFile,
  isFields,
  parseProfileFile,
  type ProfileFile,
  profileIn,
  profileRecord,
} from "../profile_file.ts";
import type { Profile } from "../profile.ts";
import { refuseDuplicates } from "../profile_file_error.ts";

/** A profile on its way to another machine. Tokens don't travel: they belong to the machine where somebody signed in. */
export interface PortableProfile {
  /** The profile. */
  readonly profile: Profile;
  /** Its application's secret, where it is to travel. */
  readonly clientSecret?: Secret | undefined;
  /** What opens its certificate, where it is to travel. */
  readonly certificatePassword?: Secret | undefined;
}

/** Tells an export from anything else that is JSON. */
export const PORTABLE_FORMAT = "entra-auth-cli-profiles";

/**
 * The profiles as text for a file: `profiles.json` with a `format`, and with `secrets` by profile where there are any.
 * Whoever has secrets in it encrypts it.
 */
export function formatPortable(portable: readonly PortableProfile[]): string {
  const records = portable.map(({ profile }) => [profile.name, profileRecord(profile)]);
  const secrets = portable.map(({ profile, clientSecret, certificatePassword }) => [profile.name, {
    clientSecret: clientSecret?.reveal(),
    certificatePassword: certificatePassword?.reveal(),
  }]).filter(([, kept]) => Object.values(kept ?? {}).some((secret) => secret !== undefined));
  const file = emptyProfileFile("");
  const rest = {
    format: PORTABLE_FORMAT,
    ...file.rest,
    ...(secrets.length === 0 ? {} : { secrets: Object.fromEntries(secrets) }),
  };
  return new TextDecoder().decode(formatProfileFile({ ...file, rest }, Object.fromEntries(records)));
}

/**
 * Reads what {@linkcode formatPortable} writes, and a bare `profiles.json` as well. Every profile in it is judged.
 *
 * @param path Of the file, for messages.
 * @throws {CliError} `invalid_profile` with line and column.
 */
export async function parsePortable(path: string, text: string): Promise<PortableProfile[]> {
  const file = await parseProfileFile(path, new TextEncoder().encode(text));
  await refuseDuplicates(file);
  const { format = PORTABLE_FORMAT, secrets = {} } = file.rest;
  if (format !== PORTABLE_FORMAT) throw notAnExport(path);
  if (!isFields(secrets)) throw damaged(path, "its secrets are not an object");
  const profiles: PortableProfile[] = [];
  for (const name of Object.keys(file.profiles)) {
    const profile = await profileIn(file, name);
    if (profile !== null) profiles.push({ profile, ...secretsOf(file, name, secrets) });
  }
  if (profiles.length === 0) throw notAnExport(path, "there is no profile in it");
  return profiles;
}

function secretsOf(
  { path }: ProfileFile,
  name: string,
  secrets: Readonly<Record<string, unknown>>,
): Omit<PortableProfile, "profile"> {
  const kept = Object.hasOwn(secrets, name) ? secrets[name] : {};
  if (!isFields(kept)) {
    throw damaged(path, `the secrets of profile ${JSON.stringify(name)} are not an object`);
  }
  const { clientSecret, certificatePassword } = kept;
  return {
    ...(clientSecret === undefined ? {} : { clientSecret: secretText(path, clientSecret) }),
    ...(certificatePassword === undefined
      ? {}
      : { certificatePassword: secretText(path, certificatePassword) }),
  };
}

function secretText(path: string, value: unknown): Secret {
  if (typeof value !== "string" || value === "") throw damaged(path, "a secret is not a text");
  return new Secret(value);
}

/** The error for a file that holds no profiles. */
export function notAnExport(path: string, why = "it is none of the forms that are known"): CliError {
  return new CliError("invalid_profile", `${path} is not a file of exported profiles: ${why}`, {
    hint: "Make one with: entra-auth-cli export-profile --all --file FILE",
  });
}

function damaged(path: string, what: string): CliError {
  return new CliError("invalid_profile", `${path} is damaged: ${what}`, {
    hint: "Export the profiles again where they come from.",
  });
}
