import { Command } from "@cliffy/command";
import { CliError } from "../errors.ts";
import type { InspectedToken } from "../flows/inspect_tokens.ts";
import { plainText } from "../plain_text.ts";
import { shellWord } from "../shell_word.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";
import { jsonText } from "./json_text.ts";
import { localTime, utcTime } from "./local_time.ts";
import { profileName } from "./profile_name.ts";

/** The flags of `inspect`, as typed. */
export interface InspectFlags {
  /** Name of the profile. */
  readonly profile?: string | undefined;
  /** Form to print. */
  readonly output?: string | undefined;
}

/** The `inspect` command. */
export function inspectCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Show whose token is cached, for what, and until when; never the token itself.")
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("-o, --output <form:string>", "text (default) or json.")
    .example("See until when a token lasts", "entra-auth-cli inspect --profile myapp")
    .action((flags) => runInspect(flags, context));
}

/** Prints what is known of the newest token. @throws {CliError} `no_token` when none is cached or the newest is expired, after showing it. */
export async function runInspect(flags: InspectFlags, context: CommandContext): Promise<void> {
  const asJson = parseForm(flags.output) === "json";
  const name = profileName(flags.profile, context.env);
  const [newest] = await context.flows.inspectTokens(name);
  if (newest === undefined) {
    throw new CliError("no_token", `Profile '${name}' has no cached token`, {
      hint: `Sign in: entra-auth-cli get-token --profile ${shellWord(name)}`,
    });
  }
  await context.terminal.writeData(asJson ? formatJson(newest) : formatText(newest));
  if (newest.isExpired) {
    throw new CliError("no_token", `The token of profile '${name}' has expired`, {
      hint: `Get a new one: entra-auth-cli refresh --profile ${shellWord(name)}`,
    });
  }
}

function parseForm(text = "text"): "text" | "json" {
  if (text === "text" || text === "json") return text;
  throw new CliError("usage", `Unknown output form: ${JSON.stringify(text)}`, {
    hint: "Choose text or json.",
  });
}

function formatJson({ session, scopes, expiresAt, isExpired, claims }: InspectedToken): string {
  const { account } = session;
  const document = {
    ...claims,
    profile: session.profile,
    client_id: session.clientId,
    authority: `${session.authority}/${session.tenant}`,
    scope: scopes.join(" "),
    expires_at: utcTime(expiresAt),
    expired: isExpired,
    account: account === null ? null : {
      username: account.username,
      object_id: account.objectId,
      tenant_id: account.tenantId,
    },
  };
  return jsonText(document);
}

function formatText({ session, scopes, expiresAt, isExpired, claims }: InspectedToken): string {
  const rows: [string, string][] = [
    ["Profile", session.profile],
    ["Account", session.account?.username ?? "(application)"],
    ["Tenant", session.account?.tenantId ?? session.tenant],
    ["Client ID", session.clientId],
    ["Scopes", scopes.join(" ")],
    ["Audience", typeof claims?.aud === "string" ? claims.aud : "(the token is opaque)"],
    ["Expires", localTime(expiresAt) + (isExpired ? " (expired)" : "")],
  ];
  return rows.map(([label, value]) => `${`${label}:`.padEnd(11)}${plainText(value)}\n`).join("");
}
