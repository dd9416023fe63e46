import { CliError } from "../../errors.ts";
import { changeSecrets, type SecretChange } from "../../flows/profiles/change_secrets.ts";
import { needsCredential, type Profile } from "../../profiles/profile.ts";
import { Secret } from "../../text/secret.ts";
import { isGuid } from "../../identity/guid.ts";
import { confirm, type PromptContext, promptForSecret } from "../terminal/prompt.ts";
import type { CertificateLock, CommandContext } from "../context.ts";
import { readUserFile } from "../user_files.ts";
import { commandLine } from "./command_options.ts";
import {
  EDIT_PROFILE_OPTIONS,
  PASSPHRASE_OPTIONS,
  type PassphraseFlags,
  type ProfileFlags,
} from "./profile_options.ts";

/** Secrets and passphrases are shorter. */
const MAX_BYTES = 4096;
const MIN_PASSPHRASE = 8;

/** The flags that read a secret of a profile from standard input. */
export type SecretFlags = Pick<ProfileFlags, "clientSecretStdin" | "certificatePasswordStdin">;

/** Reports whether standard input has a secret. */
export function hasSecretOnStdin({ clientSecretStdin, certificatePasswordStdin }: SecretFlags): boolean {
  return (clientSecretStdin ?? false) || (certificatePasswordStdin ?? false);
}

/** How to prompt for a secret. */
export interface SecretQuestion {
  /** Whether to prompt at all. */
  readonly isAsked: boolean;
  /** The profile's certificate file; null if it was not opened. */
  readonly certificate: CertificateLock | null;
  /** The effect of Enter alone, shown in the prompt. */
  readonly onEnter: string;
}

/**
 * Returns the secret to save for a profile: from standard input if a flag says so, else from a prompt if the profile's
 * flow needs a credential. A profile with a certificate needs its password. No flag takes a secret: other users can read
 * arguments.
 *
 * @throws {CliError} `usage` if standard input has no secret, should have two, or has the password of no certificate;
 *   `interrupted` if the user cancels.
 */
export async function readProfileSecret(
  flags: SecretFlags,
  { flow, certificate }: Pick<Profile, "flow" | "certificate">,
  context: Pick<CommandContext, "terminal" | "signal" | "readInput">,
  { isAsked, onEnter, certificate: lock }: SecretQuestion,
): Promise<SecretChange> {
  if (flags.clientSecretStdin && flags.certificatePasswordStdin) throw twoSecrets();
  if (flags.clientSecretStdin) return { clientSecret: await readSecret(CLIENT_SECRET, context) };
  if (flags.certificatePasswordStdin) {
    if (certificate === undefined) throw noCertificate();
    return { certificatePassword: await readSecret(CERTIFICATE_PASSWORD, context) };
  }
  if (!isAsked || !needsCredential(flow) || !context.terminal.stdinIsTerminal) return {};
  const secret = certificate === undefined
    ? await promptForClientSecret(context, `${CLIENT_SECRET.label} (Enter: ${onEnter})`)
    : await promptForPassword(context, onEnter, lock);
  return secret === null
    ? {}
    : { [certificate === undefined ? "clientSecret" : "certificatePassword"]: secret };
}

/**
 * Opens the certificate file that a flag names, so that a mistake in it is reported before any prompt. Returns null without
 * a terminal: a script may create the profile before the file.
 *
 * @throws {CliError} `usage` for a file that is missing or useless, `permission`.
 */
export async function openNamedCertificate(
  path: string | undefined,
  { terminal, openCertificate }: Pick<CommandContext, "terminal" | "openCertificate">,
): Promise<CertificateLock | null> {
  if (path === undefined || !terminal.stdinIsTerminal) return null;
  const certificate = await openCertificate(path);
  await certificate.opensWith(null);
  return certificate;
}

/** Opens the present certificate of a profile, whose file may be on another machine. Returns null if it cannot be used. */
export async function openPresentCertificate(
  path: string | undefined,
  context: Pick<CommandContext, "terminal" | "openCertificate">,
): Promise<CertificateLock | null> {
  try {
    return await openNamedCertificate(path, context);
  } catch (error) {
    if (!(error instanceof CliError) || error.code === "interrupted") throw error;
    context.terminal.writeMessage(`warning: ${error.message}`);
    return null;
  }
}

/** Prompts for a client secret. Entra shows its ID, a GUID, beside it, which is easily taken for the secret. */
export async function promptForClientSecret(context: PromptContext, label: string): Promise<Secret | null> {
  while (true) {
    const typed = await promptForSecret(context, label);
    const text = typed?.reveal().trim() ?? "";
    if (text === "") return null;
    if (!isGuid(text) || await confirm(context, `${LOOKS_LIKE_ID}. Use it anyway?`)) return new Secret(text);
  }
}

const LOOKS_LIKE_ID = "This is a GUID, as the secret's ID is, and not its value";

/** Prompts for the password of a certificate, if it needs one, until it opens the file. */
async function promptForPassword(
  context: PromptContext,
  onEnter: string,
  certificate: CertificateLock | null,
): Promise<Secret | null> {
  if (await certificate?.opensWith(null)) return null;
  while (true) {
    const password = await promptForSecret(context, `${CERTIFICATE_PASSWORD.label} (Enter: ${onEnter})`);
    if (password === null || certificate === null || await certificate.opensWith(password)) return password;
    context.terminal.writeMessage("The password does not open the certificate");
  }
}

/**
 * Saves and deletes secrets of a profile's application, and prints what was done.
 *
 * @returns Whether any secret changed.
 * @throws {CliError} `store`, `unreadable_store` or `permission`
 */
export async function saveSecrets(
  change: SecretChange,
  profile: Pick<Profile, "name" | "clientId" | "authority">,
  context: Pick<CommandContext, "profiles" | "store" | "signal" | "terminal">,
): Promise<boolean> {
  const changes = [CLIENT_SECRET, CERTIFICATE_PASSWORD].filter(({ field }) => change[field] !== undefined);
  if (changes.length === 0 || !await changeSecrets(profile, change, context)) return false;
  for (const { field, name } of changes) {
    context.terminal.writeMessage(
      `✓ ${capitalized(name)} ${change[field] === null ? "deleted" : "saved, encrypted"}`,
    );
  }
  return true;
}

interface SecretKind {
  readonly field: keyof SecretChange;
  /** Its name in sentences. */
  readonly name: string;
  /** Its name in the prompt. */
  readonly label: string;
  readonly pattern: RegExp;
  readonly flag: keyof SecretFlags;
}

const CLIENT_SECRET: SecretKind = {
  field: "clientSecret",
  name: "client secret",
  label: "Client Secret",
  pattern: /^[\x20-\x7e]+$/,
  flag: "clientSecretStdin",
};

const CERTIFICATE_PASSWORD: SecretKind = {
  field: "certificatePassword",
  name: "certificate password",
  label: "Certificate Password",
  pattern: /^\P{Cc}+$/u,
  flag: "certificatePasswordStdin",
};

/** A file and `echo` end with a line break that is not part of the secret. */
async function readSecret(
  { name, pattern, flag }: SecretKind,
  context: Pick<CommandContext, "terminal" | "signal" | "readInput">,
): Promise<Secret> {
  const text = await context.readInput(MAX_BYTES, context.signal);
  const secret = text.replace(/\r?\n$/, "");
  if (pattern.test(secret)) {
    if (flag === CLIENT_SECRET.flag && isGuid(secret)) {
      context.terminal.writeMessage(`warning: ${LOOKS_LIKE_ID}.`);
    }
    return new Secret(secret);
  }
  const found = secret === "" ? "is empty" : "has an invalid character";
  throw new CliError("usage", `Standard input ${found}: expected one line with a ${name}`, {
    hint: `printenv SECRET | ${commandLine("edit-profile", { name: "NAME", [flag]: true })}`,
  });
}

function twoSecrets(): CliError {
  const { clientSecretStdin, certificatePasswordStdin } = EDIT_PROFILE_OPTIONS;
  const flags = `${clientSecretStdin.flag} and ${certificatePasswordStdin.flag}`;
  return new CliError("usage", `${flags} cannot be used together: standard input holds one secret`, {
    hint: "Save one of them now, and the other with edit-profile.",
  });
}

function noCertificate(): CliError {
  return new CliError("usage", "The profile has no certificate for this password", {
    hint: `Add the certificate: ${EDIT_PROFILE_OPTIONS.certificate.flag} FILE`,
  });
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/**
 * Returns the passphrase that opens a file.
 *
 * @throws {CliError} `usage` for an empty passphrase, `person_needed` without a terminal to prompt on, `interrupted`.
 */
export async function readPassphrase(flags: PassphraseFlags, context: CommandContext): Promise<Secret> {
  const given = await givenPassphrase(flags, context);
  if (given !== null) return given;
  return await promptForSecret(context, "Passphrase") ?? emptyPassphrase();
}

/**
 * Returns a new passphrase to encrypt a file with, which a user types twice.
 *
 * @throws {CliError} `usage` for one that is too short or was not repeated, `person_needed`, `interrupted`.
 */
export async function choosePassphrase(flags: PassphraseFlags, context: CommandContext): Promise<Secret> {
  const given = await givenPassphrase(flags, context);
  const chosen = given ?? await promptForSecret(context, "Passphrase") ?? emptyPassphrase();
  if (chosen.reveal().length < MIN_PASSPHRASE) {
    throw new CliError(
      "usage",
      `The passphrase is too short: expected at least ${MIN_PASSPHRASE} characters`,
      {
        hint: "Several words are easy to remember and hard to guess.",
      },
    );
  }
  if (given !== null) return given;
  const again = await promptForSecret(context, "Repeat the passphrase");
  if (again?.reveal() === chosen.reveal()) return chosen;
  throw new CliError("usage", "The two passphrases differ", { hint: "Try again." });
}

/** Returns the passphrase that the flags lead to; null if the user has to be prompted. */
async function givenPassphrase(flags: PassphraseFlags, context: CommandContext): Promise<Secret | null> {
  const { passphraseStdin: { flag: stdin }, passphraseFile: { flag: file } } = PASSPHRASE_OPTIONS;
  const { passphraseStdin, passphraseFile } = flags;
  if (passphraseStdin === true && passphraseFile !== undefined) {
    throw new CliError("usage", `${stdin} and ${file} cannot be used together`, {
      hint: "Remove one of them.",
    });
  }
  if (passphraseFile !== undefined) return firstLine(await readUserFile(passphraseFile, MAX_BYTES, context));
  if (passphraseStdin === true) return firstLine(await context.readInput(MAX_BYTES, context.signal));
  if (context.terminal.stdinIsTerminal) return null;
  throw new CliError("person_needed", "Missing passphrase, and there is no terminal to prompt on", {
    hint: `Pass it with ${stdin} or ${file} FILE.`,
  });
}

function firstLine(text: string): Secret {
  const line = text.split(/\r?\n/)[0] ?? "";
  return line === "" ? emptyPassphrase() : new Secret(line);
}

function emptyPassphrase(): never {
  throw new CliError("usage", "The passphrase is empty", {
    hint: `Type one on a terminal, or pass it with ${PASSPHRASE_OPTIONS.passphraseStdin.flag}.`,
  });
}
