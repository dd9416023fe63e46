import { Command } from "@cliffy/command";
import { type KeptSignIn, type StoreStatus, storeStatus } from "../../flows/tokens/store_status.ts";
import { plainText } from "../../text/plain_text.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { documentText, parseDocumentForm } from "../output/document_format.ts";
import { localTime, relativeTime, utcTime } from "../output/time.ts";

/** The `status` command. */
export function statusCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description(
      "Show which profiles are signed in, as whom, until when, and who keeps the key of the tokens.",
    )
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("See who is signed in", "entra-auth-cli status")
    .action((flags) => runStatus(flags.output, context));
}

/** Prints which profiles are signed in, and how their tokens are kept. @throws {CliError} `store`, `unreadable_store`, `invalid_profile`, `permission`, or `usage` for an unknown form. */
export async function runStatus(output: string | undefined, context: CommandContext): Promise<void> {
  const form = parseDocumentForm(output);
  const profiles = (await context.profiles.list()).map(({ name }) => name);
  const status = await storeStatus(context);
  await context.terminal.writeData(
    form === "text"
      ? formatText(status, profiles, context.clock.now())
      : await documentText(statusDocument(status, profiles), form),
  );
}

function statusDocument({ key, signIns }: StoreStatus, profiles: readonly string[]): Record<string, unknown> {
  return {
    key: { key_store: key.keyStore, place: key.place, in_use: key.isInUse, reason: key.reason },
    sign_ins: signIns.map(({ session, expiresAt, isExpired }) => ({
      profile: session.profile,
      username: session.account?.username ?? null,
      tenant: session.tenant,
      client_id: session.clientId,
      authority: session.authority,
      expires_at: expiresAt === null ? null : utcTime(expiresAt),
      expired: isExpired,
    })),
    not_signed_in: signedOut(profiles, signIns),
  };
}

/** What each guardian is worth. None is called more than it is. */
const WORTH: Readonly<Record<StoreStatus["key"]["keyStore"], string>> = {
  "key-file": "Whoever can read your files can read the tokens.",
  "environment": "The tokens are as safe as the place that the variable comes from.",
  "dpapi": "It opens for your Windows account on this machine, and so for every program that you run.",
  "keychain":
    "It opens while your keychain is unlocked, also for other programs of yours that run `security`.",
  "secret-service": "It opens while your keyring is unlocked, also for other programs in your session.",
};

function formatText({ key, signIns }: StoreStatus, profiles: readonly string[], nowMs: number): string {
  const kept = key.isInUse ? "is kept in" : "would be kept in";
  const reason = key.reason === null ? "" : ` (${key.reason})`;
  const lines = signIns.map((signIn) => signInLine(signIn, profiles, nowMs));
  lines.push(...signedOut(profiles, signIns).map((name) => `Profile '${name}': not signed in`));
  if (lines.length === 0) lines.push("Nobody is signed in.");
  lines.push(`The key of the tokens ${kept} ${key.place}${reason}. ${WORTH[key.keyStore]}`);
  return lines.map((line) => `${plainText(line)}\n`).join("");
}

function signedOut(profiles: readonly string[], signIns: readonly KeptSignIn[]): string[] {
  return profiles.filter((name) => !signIns.some(({ session }) => session.profile === name));
}

/** A sign-in can be without its profile: one that was made by flags alone, or whose profile was edited away. */
function signInLine(
  { session, expiresAt, isExpired }: KeptSignIn,
  profiles: readonly string[],
  nowMs: number,
): string {
  const name = `Profile '${session.profile}'${
    profiles.includes(session.profile) ? "" : " (not in profiles.json)"
  }`;
  const who = session.account?.username || "(application)";
  if (expiresAt === null) return `${name}: ${who}, no token`;
  const when = `${localTime(expiresAt)} (${relativeTime(expiresAt, nowMs / 1000)})`;
  return `${name}: ${who}, ${isExpired ? "expired" : "expires"} ${when}`;
}
