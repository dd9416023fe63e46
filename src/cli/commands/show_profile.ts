import { Command } from "@cliffy/command";
import { noSuchProfile } from "../../profiles/profile.ts";
import { plainText } from "../../text/plain_text.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import {
  accountName,
  type DescribedProfile,
  describeProfiles,
  profileDocument,
} from "../output/profile_output.ts";
import { documentText, parseDocumentForm } from "../output/document_format.ts";
import { localTime } from "../output/time.ts";
import { type NameFlags, profileName } from "../options/profile_name.ts";

/** The flags of `show-profile`, as typed. */
export interface ShowProfileFlags extends NameFlags {
  /** Form to print. */
  readonly output?: string | undefined;
}

/** The `show-profile` command. */
export function showProfileCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Show a profile, and who is signed in to it.")
    .option("-n, --name <name:string>", "Profile name ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("-p, --profile <name:string>", "The same as --name.", { hidden: true })
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("Show a profile", "entra-auth-cli show-profile --name myapp")
    .action((flags) => runShowProfile(flags, context));
}

/** Prints the profile. @throws {CliError} `no_profile`, `invalid_profile`, `store`, `permission` or `usage`. */
export async function runShowProfile(flags: ShowProfileFlags, context: CommandContext): Promise<void> {
  const form = parseDocumentForm(flags.output);
  const name = profileName(flags.name ?? flags.profile, context.env);
  const profile = await context.profiles.find(name);
  if (profile === null) throw noSuchProfile(name);
  for (const described of await describeProfiles([profile], context)) {
    await context.terminal.writeData(
      form === "text" ? formatText(described) : await documentText(profileDocument(described), form),
    );
  }
}

function formatText({ profile, signIn }: DescribedProfile): string {
  const expiresAt = signIn?.expiresAt ?? null;
  const rows: [string, string | null | undefined][] = [
    ["Profile", profile.name],
    ["Tenant ID", profile.tenantId],
    ["Client ID", profile.clientId],
    ["Flow", profile.flow],
    ["Scopes", profile.scopes.join(" ")],
    ["Authority", profile.authority],
    ["Login hint", profile.loginHint],
    ["Expected user", profile.expectUser],
    ["Expected tenant", profile.expectTenant],
    ["Certificate", profile.certificate],
    ["Signed in", accountName(signIn) ?? "nobody"],
    ["Expires", expiresAt === null ? null : localTime(expiresAt) + (signIn?.isExpired ? " (expired)" : "")],
  ];
  return rows.filter(([, value]) => typeof value === "string")
    .map(([label, value]) => `${`${label}:`.padEnd(17)}${plainText(value ?? "")}\n`).join("");
}
