import { Command } from "@cliffy/command";
import { plainText } from "../../text/plain_text.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import {
  accountName,
  type DescribedProfile,
  describeProfiles,
  profileDocument,
} from "../output/profile_document.ts";
import { documentText, parseDocumentForm } from "../output/document_format.ts";
import { fitCells } from "../output/fit_cells.ts";
import { localTime } from "../output/local_time.ts";

/** The `list-profiles` command. */
export function listProfilesCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("List the profiles, and who is signed in to each.")
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("List the profiles", "entra-auth-cli list-profiles")
    .example("In a script", "entra-auth-cli list-profiles --output json | jq -r '.[].name'")
    .action((flags) => runListProfiles(flags.output, context));
}

/** Prints the profiles. @throws {CliError} `invalid_profile`, `store` or `permission` when `profiles.json` can't be read, `usage` for an unknown form. */
export async function runListProfiles(output: string | undefined, context: CommandContext): Promise<void> {
  const form = parseDocumentForm(output);
  const { terminal, profiles } = context;
  const list = await profiles.list();
  if (form === "text" && list.length === 0) {
    terminal.say("There are no profiles yet. Create one with: entra-auth-cli create-profile --name NAME");
    return;
  }
  const described = await describeProfiles(list, context);
  await terminal.writeData(
    form === "text"
      ? await formatTable(described, terminal.stdoutIsTerminal ? terminal.columns() : null)
      : await documentText(described.map(profileDocument), form),
  );
}

const HEADER = ["NAME", "ACCOUNT", "EXPIRES", "FLOW", "TENANT", "CLIENT", "SCOPES"];
/** On a narrow terminal: names of profiles are typed, and ends read, but ids and scopes are what show-profile is for. */
const SHORTENED = [["TENANT", "CLIENT", "SCOPES"], ["FLOW"], ["ACCOUNT"], ["NAME", "EXPIRES"]]
  .map((group) => group.map((name) => HEADER.indexOf(name)));
const PADDING = 2;

/** The profiles as a table, at most `width` columns wide; as wide as it needs to be where that is null. */
async function formatTable(profiles: readonly DescribedProfile[], width: number | null): Promise<string> {
  const { Table } = await import("@cliffy/table");
  const rows = [HEADER, ...profiles.map(row)];
  const [header = [], ...body] = width === null
    ? rows
    : fitCells(rows, width - PADDING * (HEADER.length - 1), SHORTENED);
  return new Table().header(header).body(body).padding(PADDING).toString().replaceAll(/ +$/gm, "") + "\n";
}

function row({ profile, signIn }: DescribedProfile): string[] {
  const { name, flow, tenantId, clientId, scopes } = profile;
  const expiresAt = signIn?.expiresAt ?? null;
  const end = expiresAt === null ? "-" : localTime(expiresAt) + (signIn?.isExpired ? " (expired)" : "");
  return [name, plainText(accountName(signIn) ?? "-"), end, flow, tenantId, clientId, scopes.join(" ")];
}
