import { Command } from "@cliffy/command";
import { CliError } from "../errors.ts";
import type { KeptSignIn, StoreStatus } from "../flows/store_status.ts";
import { plainText } from "../plain_text.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";
import { jsonText } from "./json_text.ts";
import { localTime, utcTime } from "./local_time.ts";

/** The `status` command. */
export function statusCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Show who is signed in, until when, and who keeps the key of the tokens.")
    .option("-o, --output <form:string>", "text (default) or json.")
    .example("See where the key is", "entra-auth-cli status")
    .action((flags) => runStatus(flags.output, context));
}

/** Prints what the store holds and how it is kept. @throws {CliError} `store`, `unreadable_store`, `permission`, or `usage` for an unknown form. */
export async function runStatus(output: string | undefined, context: CommandContext): Promise<void> {
  const asJson = parseForm(output) === "json";
  const status = await context.flows.storeStatus();
  await context.terminal.writeData(asJson ? formatJson(status) : formatText(status));
}

function parseForm(text = "text"): "text" | "json" {
  if (text === "text" || text === "json") return text;
  throw new CliError("usage", `Unknown output form: ${JSON.stringify(text)}`, {
    hint: "Choose text or json.",
  });
}

function formatJson({ key, signIns }: StoreStatus): string {
  return jsonText({
    key: { guardian: key.guardian, place: key.place, in_use: key.isInUse, reason: key.reason },
    sign_ins: signIns.map(({ session, expiresAt, isExpired }) => ({
      profile: session.profile,
      username: session.account?.username ?? null,
      tenant: session.tenant,
      client_id: session.clientId,
      authority: session.authority,
      expires_at: expiresAt === null ? null : utcTime(expiresAt),
      expired: isExpired,
    })),
  });
}

/** What each guardian is worth. None is called more than it is. */
const WORTH: Readonly<Record<StoreStatus["key"]["guardian"], string>> = {
  "key-file": "Whoever can read your files can read the tokens.",
  "environment": "The tokens are as safe as the place that the variable comes from.",
  "dpapi": "It opens for your Windows account on this machine, and so for every program that you run.",
  "keychain":
    "It opens while your keychain is unlocked, also for other programs of yours that run `security`.",
  "secret-service": "It opens while your keyring is unlocked, also for other programs in your session.",
};

function formatText({ key, signIns }: StoreStatus): string {
  const kept = key.isInUse ? "is kept in" : "would be kept in";
  const reason = key.reason === null ? "" : ` (${key.reason})`;
  const lines = signIns.length === 0 ? ["Nobody is signed in."] : signIns.map(signInLine);
  lines.push(`The key of the tokens ${kept} ${key.place}${reason}. ${WORTH[key.guardian]}`);
  return lines.map((line) => `${plainText(line)}\n`).join("");
}

function signInLine({ session, expiresAt, isExpired }: KeptSignIn): string {
  const who = session.account?.username ?? "(application)";
  const until = expiresAt === null
    ? "no token"
    : `${isExpired ? "expired" : "expires"} ${localTime(expiresAt)}`;
  return `Profile '${session.profile}': ${who}, ${until}`;
}
