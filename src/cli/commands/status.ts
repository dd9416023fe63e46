import { type SavedSignIn, type StoreStatus, storeStatus } from "../../flows/tokens/store_status.ts";
import { nameOf } from "../../identity/expected_account.ts";
import { breakLogCommands, plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { STATUS_OPTIONS, type StatusFlags } from "../options/command_options.ts";
import { accountDocument, formatDocument, parseDocumentFormat } from "../output/document_format.ts";
import { describeTime, utcTime } from "../output/time.ts";

export function statusCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description(
    "Show which profiles are signed in, their users, when tokens expire, and where the encryption key is.",
  );
  return addOptions(command, STATUS_OPTIONS)
    .example("Show who is signed in", "entra-auth-cli status")
    .action((flags: StatusFlags) => runStatus(flags.output, context));
}

/**
 * Prints which profiles are signed in, and where the encryption key of their tokens is.
 *
 * @throws {CliError} `store`, `unreadable_store`, `invalid_profile`, `permission`, or `usage` for an unknown format.
 */
export async function runStatus(output: string | undefined, context: CommandContext): Promise<void> {
  const format = parseDocumentFormat(output);
  const profiles = (await context.profiles.list()).map(({ name }) => name);
  const status = await storeStatus(context);
  await context.terminal.writeData(
    format === "text"
      ? formatText(status, profiles, context.clock.now())
      : await formatDocument(statusDocument(status, profiles), format),
  );
}

function statusDocument({ key, signIns }: StoreStatus, profiles: readonly string[]): Record<string, unknown> {
  return {
    key: { key_store: key.keyStore, place: key.place, in_use: key.isInUse, reason: key.reason },
    sign_ins: signIns.map(({ session, expiresAt, isExpired }) => ({
      profile: session.profile,
      tenant_id: session.tenant,
      client_id: session.clientId,
      authority: session.authority,
      account: accountDocument(session.account),
      expires_at: expiresAt === null ? null : utcTime(expiresAt),
      expired: isExpired,
    })),
    not_signed_in: signedOut(profiles, signIns),
  };
}

/** The protection that each key store gives. */
const PROTECTION: Readonly<Record<StoreStatus["key"]["keyStore"], string>> = {
  "key-file": "Anyone who can read your files can read the tokens.",
  "environment": "The tokens are as safe as the source of the variable.",
  "dpapi": "Every program that you run on this machine can use it.",
  "keychain": "While your keychain is unlocked, every program of yours that runs `security` can use it.",
  "secret-service": "While your keyring is unlocked, every program in your session can use it.",
};

function formatText({ key, signIns }: StoreStatus, profiles: readonly string[], nowMs: number): string {
  const created = key.isInUse ? "" : "not created yet; it will be in ";
  const reason = key.reason === null ? "" : ` (${key.reason})`;
  const names = new Set(profiles);
  const byProfile = Map.groupBy(signIns, ({ session }) => session.profile);
  const lines = signIns.map((signIn) => {
    const isOne = byProfile.get(signIn.session.profile)?.length === 1;
    return signInLine(signIn, names, nowMs) + (isOne ? "" : ` (${sessionInWords(signIn)})`);
  });
  lines.push(...signedOut(profiles, signIns).map((name) => `Profile '${name}': not signed in`));
  if (lines.length === 0) lines.push("Nobody is signed in.");
  lines.push(`Encryption key: ${created}${key.place}${reason}. ${PROTECTION[key.keyStore]}`);
  return breakLogCommands(lines.map((line) => `${plainText(line)}\n`).join(""));
}

function signedOut(profiles: readonly string[], signIns: readonly SavedSignIn[]): string[] {
  const signedIn = new Set(signIns.map(({ session }) => session.profile));
  return profiles.filter((name) => !signedIn.has(name));
}

/** Returns what distinguishes two sign-ins of one profile: flags and variables replace the profile's values. */
function sessionInWords({ session: { authority, tenant, clientId } }: SavedSignIn): string {
  return `application ${clientId} at ${authority}/${tenant}`;
}

/** A sign-in can lack a profile: if it was made by flags alone, or if its profile was removed by hand. */
function signInLine(
  { session, expiresAt, isExpired }: SavedSignIn,
  profiles: ReadonlySet<string>,
  nowMs: number,
): string {
  const name = `Profile '${session.profile}'${
    profiles.has(session.profile) ? "" : " (not in profiles.json)"
  }`;
  const who = session.account === null ? "(application)" : nameOf(session.account);
  if (expiresAt === null) return `${name}: ${who}, no token`;
  const when = describeTime(expiresAt, nowMs / 1000);
  return `${name}: ${who}, ${isExpired ? "expired" : "expires"} ${when}`;
}
