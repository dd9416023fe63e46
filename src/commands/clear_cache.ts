import { Command } from "@cliffy/command";
import type { Forgotten } from "../flows/forget_tokens.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";
import { profileName } from "./profile_name.ts";

/** The `clear-cache` command. */
export function clearCacheCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Forget the tokens of a profile. The profile itself stays.")
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .example("Forget a profile's tokens", "entra-auth-cli clear-cache --profile myapp")
    .action((flags) => runClearCache(flags.profile, context));
}

/** Forgets the profile's tokens. @throws {CliError} `store` or `permission`. */
export async function runClearCache(profile: string | undefined, context: CommandContext): Promise<void> {
  const name = profileName(profile, context.env);
  context.terminal.say(describe(await context.flows.forgetTokens(name), name));
}

function describe(forgotten: Forgotten, profile: string): string {
  if (forgotten.kind === "moved-aside") {
    return `The tokens could not be read, so the file with those of all profiles was moved to ${forgotten.path}`;
  }
  return forgotten.sessions === 0
    ? `Profile '${profile}' has no cached tokens`
    : `✓ Cached tokens of profile '${profile}' are gone`;
}
