import { Command } from "@cliffy/command";
import { CliError } from "../errors.ts";
import type { Profile } from "../profiles/profile.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";

/** The `list-profiles` command. */
export function listProfilesCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("List the profiles.")
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("List the profiles", "entra-auth-cli list-profiles")
    .action((flags) => runListProfiles(flags.output, context));
}

/** Prints the profiles. @throws {CliError} `invalid_profile`, `store` or `permission` when `profiles.json` can't be read, `usage` for an unknown form. */
export async function runListProfiles(output: string | undefined, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const list = await profiles.list();
  if ((output ?? "text") === "text" && list.length === 0) {
    terminal.say("There are no profiles yet. Create one with: entra-auth-cli create-profile --name NAME");
    return;
  }
  await terminal.writeData(await format(list, output ?? "text"));
}

async function format(profiles: readonly Profile[], form: string): Promise<string> {
  switch (form) {
    case "json":
      return JSON.stringify(profiles.map(profileDocument), null, 2) + "\n";
    case "yaml": {
      const { stringify } = await import("@std/yaml/stringify");
      return stringify(profiles.map(profileDocument));
    }
    case "text":
      return await formatTable(profiles);
    default:
      throw new CliError("usage", `Unknown output form: ${JSON.stringify(form)}`, {
        hint: "Choose text, json or yaml.",
      });
  }
}

function profileDocument(profile: Profile): Record<string, unknown> {
  return {
    name: profile.name,
    tenant_id: profile.tenantId,
    client_id: profile.clientId,
    flow: profile.flow,
    scope: profile.scopes.join(" "),
    authority: profile.authority ?? null,
  };
}

async function formatTable(profiles: readonly Profile[]): Promise<string> {
  const { Table } = await import("@cliffy/table");
  const rows = profiles.map(({ name, tenantId, clientId, flow, scopes }) => [
    name,
    tenantId,
    clientId,
    flow,
    scopes.join(" "),
  ]);
  return new Table().header(["NAME", "TENANT", "CLIENT", "FLOW", "SCOPES"]).body(rows).padding(2).toString() +
    "\n";
}
