import { CliError } from "../../errors.ts";
import { getToken } from "../../flows/get_token/get_token.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { parseDuration, readSettings } from "../acquire_token.ts";
import { profileName } from "../options/chosen_profile.ts";
import { commandLine } from "../options/command_options.ts";
import { REFRESH_OPTIONS, type RefreshFlags, signInFlags } from "../options/token_options.ts";
import { localTime } from "../output/time.ts";
import { formatToken, parseOutputFormat, REFRESH_FORMATS } from "../output/token_output.ts";
import { progressPrinter } from "../terminal/progress_lines.ts";

export function refreshCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description("Get a new access token without prompting, even if the cached one is still valid.");
  return addOptions(command, REFRESH_OPTIONS)
    .example("Refresh a profile's token", "entra-auth-cli refresh --profile myapp")
    .example("In a script", "TOKEN=$(entra-auth-cli refresh --output token)")
    .action((flags: RefreshFlags) => runRefresh(flags, context));
}

/**
 * Refreshes the profile's token, and prints it if a format was requested.
 *
 * @throws {CliError} `no_token` without a sign-in to refresh, `interaction_required` if the user must sign in again,
 *   `store` if the new token can neither be saved nor is printed, `usage` for an invalid format or time limit.
 */
export async function runRefresh(flags: RefreshFlags, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const format = parseOutputFormat(flags.output ?? "text", REFRESH_FORMATS);
  const timeoutMs = flags.timeout === undefined ? undefined : parseDuration(flags.timeout);
  const name = await profileName(flags.profile, context);
  const { hasProfile, identity, authority, tenant, clientId, flow, scopes, expect } = await readSettings(
    flags,
    name,
    context,
  );
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  const result = await getToken(
    {
      key: { profile: name, identity, authority, tenant, clientId },
      hasProfile,
      flow,
      scopes,
      expect,
      acceptCached: false,
      acceptRefresh: true,
      mayPrompt: false,
      signInFlags: () => signInFlags(flags),
      useStore: true,
      manner: { ports: { kind: "random" }, showUrl: false, timeoutMs: 0 },
      caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
      timeoutMs,
    },
    context,
    progressPrinter(terminal, isQuiet, flags.verbose),
  );
  // A token that is neither saved nor printed is lost.
  if (!result.isSaved && format === "text") {
    throw new CliError("store", `The new token of profile '${name}' could not be saved`, {
      hint: `Fix the cause in the warning above, then: ${commandLine("get-token", { profile: name })}`,
    });
  }
  if (!isQuiet) terminal.writeMessage(`Token expires: ${localTime(result.token.expiresAt)}`);
  if (format === "text") return;
  await terminal.writeData(
    await formatToken(result, format, { profile: name, tenant, clientId, nowMs: context.clock.now() }),
  );
}
