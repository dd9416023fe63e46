import { Command } from "@cliffy/command";
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
  const dropped = await context.flows.clearCache(name);
  context.terminal.say(
    dropped === 0
      ? `Profile '${name}' has no cached tokens`
      : `✓ Cached tokens of profile '${name}' are gone`,
  );
}
