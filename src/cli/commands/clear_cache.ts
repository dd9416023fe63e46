import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { forgetTokens, type Forgotten } from "../../flows/tokens/forget_tokens.ts";
import type { AnyCommand } from "../any_command.ts";
import { confirm } from "../terminal/prompt.ts";
import type { CommandContext } from "../context.ts";
import { NO_SUCH_PROFILE, profileName } from "../options/profile_name.ts";

/** The flags of `clear-cache`, as typed. */
export interface ClearCacheFlags {
  /** Name of the profile. */
  readonly profile?: string | undefined;
  /** All profiles. */
  readonly all?: boolean | undefined;
  /** Whether the question is answered already. */
  readonly yes?: boolean | undefined;
}

/** The `clear-cache` command. */
export function clearCacheCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Forget the tokens of a profile. The profile itself stays.")
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("--all", "Forget the tokens of all profiles. Asks first.")
    .option("-y, --yes", "Don't ask.")
    .example("Forget a profile's tokens", "entra-auth-cli clear-cache --profile myapp")
    .example("Sign out everywhere", "entra-auth-cli clear-cache --all")
    .action((flags) => runClearCache(flags, context));
}

/** Forgets the tokens once the user agrees. @throws {CliError} `usage`, `person_needed`, `store` or `permission`. */
export async function runClearCache(flags: ClearCacheFlags, context: CommandContext): Promise<void> {
  const { terminal, env, profiles } = context;
  if (!flags.all) {
    const name = profileName(flags.profile, env);
    const forgotten = await forgetTokens(name, context);
    terminal.say(describe(forgotten, `profile '${name}'`, `Profile '${name}' has no`));
    if (forgotten.kind === "forgotten" && forgotten.sessions === 0 && await profiles.find(name) === null) {
      terminal.say(NO_SUCH_PROFILE);
    }
    return;
  }
  if (flags.profile !== undefined) {
    throw new CliError("usage", "--all and --profile can't be used together", {
      hint: "Leave one of them out.",
    });
  }
  if (!flags.yes && !await askForAll(context)) return terminal.say("Nothing was forgotten");
  terminal.say(describe(await forgetTokens(null, context), "all profiles", "No profile has"));
}

async function askForAll(context: CommandContext): Promise<boolean> {
  if (context.terminal.stdinIsTerminal) return await confirm(context, "Forget the tokens of all profiles?");
  throw new CliError("person_needed", "Nobody is there to confirm that the tokens of all profiles go", {
    hint: "Say it in the command: entra-auth-cli clear-cache --all --yes",
  });
}

function describe(forgotten: Forgotten, whose: string, none: string): string {
  if (forgotten.kind === "moved-aside") {
    return `The tokens could not be read, so the file with those of all profiles was moved to ${forgotten.path}`;
  }
  return forgotten.sessions > 0 ? `✓ Cached tokens of ${whose} are gone` : `${none} cached tokens`;
}
