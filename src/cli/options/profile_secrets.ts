import { CliError } from "../../errors.ts";
import { changeSecrets, type SecretChange } from "../../flows/profiles/change_secrets.ts";
import { needsCredential, type Profile } from "../../profiles/profile.ts";
import { Secret } from "../../text/secret.ts";
import { askSecret } from "../terminal/prompt.ts";
import type { CommandContext } from "../context.ts";
import type { ProfileFlags } from "./profile_options.ts";

/** More than any secret has. */
const MAX_BYTES = 4096;

/** The flags by which standard input holds a secret for a profile. */
export type SecretFlags = Pick<ProfileFlags, "clientSecretStdin" | "certificatePasswordStdin">;

/** Whether standard input holds a secret. */
export function hasSecretOnStdin({ clientSecretStdin, certificatePasswordStdin }: SecretFlags): boolean {
  return (clientSecretStdin ?? false) || (certificatePasswordStdin ?? false);
}

/** When a secret is asked for, and how. */
export interface SecretQuestion {
  /** Whether it may be asked for at all. */
  readonly isAsked: boolean;
  /** What Enter alone means, for the question. */
  readonly byEnter: string;
}

/**
 * The secret to keep for a profile: from standard input where a flag says so, otherwise asked for on a terminal where the
 * profile's flow needs one, which is the password where there is a certificate. No flag takes it, for others can read
 * arguments.
 *
 * @throws {CliError} `usage` where standard input holds no secret, two, or one of no certificate; `interrupted` when the
 *   person ends it.
 */
export async function takeSecret(
  flags: SecretFlags,
  { flow, certificate }: Pick<Profile, "flow" | "certificate">,
  context: Pick<CommandContext, "terminal" | "signal" | "readInput">,
  { isAsked, byEnter }: SecretQuestion,
): Promise<SecretChange> {
  if (flags.clientSecretStdin && flags.certificatePasswordStdin) throw twoSecrets();
  if (flags.clientSecretStdin) return { clientSecret: await readSecret(CLIENT_SECRET, context) };
  if (flags.certificatePasswordStdin) {
    if (certificate === undefined) throw noCertificate();
    return { certificatePassword: await readSecret(CERTIFICATE_PASSWORD, context) };
  }
  if (!isAsked || !needsCredential(flow) || !context.terminal.stdinIsTerminal) return {};
  const { field, label } = certificate === undefined ? CLIENT_SECRET : CERTIFICATE_PASSWORD;
  const secret = await askSecret(context, `${label} (Enter: ${byEnter})`);
  return secret === null ? {} : { [field]: secret };
}

/**
 * Keeps and forgets secrets of a profile's application, and says so.
 *
 * @returns Whether anything is another now.
 * @throws {CliError} `store`, `unreadable_store` or `permission`
 */
export async function keepSecrets(
  change: SecretChange,
  profile: Pick<Profile, "name" | "clientId" | "authority">,
  context: Pick<CommandContext, "profiles" | "store" | "signal" | "terminal">,
): Promise<boolean> {
  const changes = [CLIENT_SECRET, CERTIFICATE_PASSWORD].filter(({ field }) => change[field] !== undefined);
  if (changes.length === 0 || !await changeSecrets(profile, change, context)) return false;
  for (const { field, name } of changes) {
    context.terminal.say(
      `✓ ${capitalized(name)} ${change[field] === null ? "forgotten" : "kept, encrypted"}`,
    );
  }
  return true;
}

interface SecretKind {
  readonly field: keyof SecretChange;
  /** As sentences name it. */
  readonly name: string;
  /** As the question names it. */
  readonly label: string;
  /** What it is made of. */
  readonly pattern: RegExp;
  readonly flag: string;
}

const CLIENT_SECRET: SecretKind = {
  field: "clientSecret",
  name: "client secret",
  label: "Client Secret",
  pattern: /^[\x20-\x7e]+$/,
  flag: "--client-secret-stdin",
};

const CERTIFICATE_PASSWORD: SecretKind = {
  field: "certificatePassword",
  name: "certificate password",
  label: "Certificate Password",
  pattern: /^\P{Cc}+$/u,
  flag: "--certificate-password-stdin",
};

/** A file or an `echo` ends with a line end that is no part of the secret. */
async function readSecret(
  { name, pattern, flag }: SecretKind,
  context: Pick<CommandContext, "signal" | "readInput">,
): Promise<Secret> {
  const text = await context.readInput(MAX_BYTES, context.signal);
  const secret = text.replace(/\r?\n$/, "");
  if (pattern.test(secret)) return new Secret(secret);
  throw new CliError(
    "usage",
    `Standard input ${secret === "" ? "holds no" : "is not one line with a"} ${name}`,
    { hint: `Hand it over like this: printenv SECRET | entra-auth-cli create-profile … ${flag}` },
  );
}

function twoSecrets(): CliError {
  const flags = `${CLIENT_SECRET.flag} and ${CERTIFICATE_PASSWORD.flag}`;
  return new CliError("usage", `Standard input can't hold two secrets: ${flags}`, {
    hint: "Keep one of them now, and the other with edit-profile.",
  });
}

function noCertificate(): CliError {
  return new CliError("usage", "The profile has no certificate for a password", {
    hint: "Name it too, with --certificate FILE.",
  });
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
