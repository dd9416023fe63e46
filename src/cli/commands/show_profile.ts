import { noSuchProfile } from "../../profiles/profile.ts";
import { breakLogCommands, plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { profileName } from "../options/chosen_profile.ts";
import { SHOW_PROFILE_OPTIONS, type ShowProfileFlags } from "../options/profile_options.ts";
import {
  accountName,
  type DescribedProfile,
  describeProfiles,
  profileDocument,
} from "../output/profile_output.ts";
import { formatDocument, parseDocumentFormat } from "../output/document_format.ts";
import { describeTime } from "../output/time.ts";

export function showProfileCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description("Show a profile and its signed-in user.");
  return addOptions(command, SHOW_PROFILE_OPTIONS)
    .example("Show a profile", "entra-auth-cli show-profile --name myapp")
    .action((flags: ShowProfileFlags) => runShowProfile(flags, context));
}

/** Prints the profile. @throws {CliError} `no_profile`, `invalid_profile`, `store`, `permission` or `usage`. */
async function runShowProfile(flags: ShowProfileFlags, context: CommandContext): Promise<void> {
  const format = parseDocumentFormat(flags.output);
  const name = await profileName(flags.name ?? flags.profile, context);
  const profile = await context.profiles.find(name);
  if (profile === null) throw noSuchProfile(name);
  const current = await profileName(undefined, context);
  for (const described of await describeProfiles([profile], context)) {
    await context.terminal.writeData(
      format === "text"
        ? formatText(described, context.clock.now())
        : await formatDocument(profileDocument(described, current), format),
    );
  }
}

function formatText({ profile, signIn }: DescribedProfile, nowMs: number): string {
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
    [
      signIn?.isExpired ? "Expired" : "Expires",
      expiresAt === null ? null : describeTime(expiresAt, nowMs / 1000),
    ],
  ];
  const lines = rows.filter(([, value]) => typeof value === "string")
    .map(([label, value]) => `${`${label}:`.padEnd(17)}${plainText(value ?? "")}\n`);
  return breakLogCommands(lines.join(""));
}
