import { CliError } from "../../errors.ts";
import { forgetTokens, type Forgotten } from "../../flows/tokens/forget_tokens.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { noSuchProfileHint, profileName } from "../options/chosen_profile.ts";
import { CLEAR_CACHE_OPTIONS, type ClearCacheFlags, commandLine } from "../options/command_options.ts";
import { hintText } from "../terminal/hint_text.ts";
import { confirm } from "../terminal/prompt.ts";

export function clearCacheCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description("Delete the cached tokens of a profile, and keep the profile.");
  return addOptions(command, CLEAR_CACHE_OPTIONS)
    .example("Delete a profile's tokens", "entra-auth-cli clear-cache --profile myapp")
    .example("Sign out everywhere", "entra-auth-cli clear-cache --all")
    .action((flags: ClearCacheFlags) => runClearCache(flags, context));
}

/**
 * Deletes the tokens of a profile, or of all profiles after confirmation.
 *
 * @throws {CliError} `usage`, `person_needed`, `store` or `permission`.
 */
export async function runClearCache(flags: ClearCacheFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  if (!flags.all) {
    const name = await profileName(flags.profile, context);
    const forgotten = await forgetTokens(name, context);
    terminal.writeMessage(describe(forgotten, `profile '${name}'`, `Profile '${name}' has no`));
    if (forgotten.kind === "forgotten" && forgotten.sessions === 0 && await profiles.find(name) === null) {
      terminal.writeMessage(hintText(noSuchProfileHint(name, flags.profile, context)));
    }
    return;
  }
  if (flags.profile !== undefined) {
    const { all, profile } = CLEAR_CACHE_OPTIONS;
    throw new CliError("usage", `${all.flag} and ${profile.flag} cannot be used together`, {
      hint: "Remove one of them.",
    });
  }
  if (!flags.yes && !await confirmAll(context)) return terminal.writeMessage("Nothing was deleted");
  const forgotten = await forgetTokens(null, context);
  terminal.writeMessage(describe(forgotten, "all profiles", "No profile has"));
  if (forgotten.kind === "forgotten" && forgotten.isKeyUnchanged) {
    terminal.writeMessage(
      "ENTRA_AUTH_CLI_KEY is unchanged: set a new one, so that no older copy of tokens.enc can be decrypted.",
    );
  }
}

async function confirmAll(context: CommandContext): Promise<boolean> {
  if (context.terminal.stdinIsTerminal) return await confirm(context, "Delete the tokens of all profiles?");
  const { all, yes } = CLEAR_CACHE_OPTIONS;
  throw new CliError("person_needed", `clear-cache ${all.flag} needs confirmation: pass ${yes.flag}`, {
    hint: commandLine("clear-cache", { all: true, yes: true }),
  });
}

function describe(forgotten: Forgotten, whose: string, none: string): string {
  if (forgotten.kind === "moved-aside") {
    const { reason, path } = forgotten;
    return `${reason}\nThe token file was moved, with the tokens of all profiles, to ${path}`;
  }
  return forgotten.sessions > 0 ? `✓ Cached tokens of ${whose} deleted` : `${none} cached tokens`;
}
