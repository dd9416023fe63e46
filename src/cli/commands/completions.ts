import { Command } from "@cliffy/command";
import { CLOUDS } from "../../identity/cloud.ts";
import { CliError } from "../../errors.ts";
import { FLOWS } from "../../profiles/profile.ts";
import { plainText } from "../../text/plain_text.ts";
import type { AnyCommand } from "../any_command.ts";
import { completeWords, type OptionValues } from "../completions/complete_words.ts";
import { COMPLETION_SCRIPTS, type Shell } from "../completions/completion_scripts.ts";
import type { CommandContext } from "../context.ts";
import { DOCUMENT_FORMS } from "../output/document_format.ts";
import { PROMPTS } from "../options/token_flags.ts";
import { OUTPUT_FORMS } from "../output/token_output.ts";

const SHELLS = Object.keys(COMPLETION_SCRIPTS) as Shell[];

/** The `completions` command. */
export function completionsCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description(`Print the script that lets a shell complete commands, flags, profiles and flows.`)
    .arguments("<shell:string:shell>")
    .complete("shell", () => SHELLS)
    .example("bash", "echo 'source <(entra-auth-cli completions bash)' >> ~/.bashrc")
    .example("zsh", "echo 'source <(entra-auth-cli completions zsh)' >> ~/.zshrc")
    .example("fish", "entra-auth-cli completions fish > ~/.config/fish/completions/entra-auth-cli.fish")
    .example("PowerShell", "entra-auth-cli completions powershell >> $PROFILE")
    .action((_flags, shell) => runCompletions(shell, context));
}

/** Prints the script for `shell`. @throws {CliError} `usage` for a shell that there is none for. */
export async function runCompletions(shell: string, { terminal }: CommandContext): Promise<void> {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    throw new CliError("usage", `Unknown shell: ${JSON.stringify(shell)}`, {
      hint: `Choose one of: ${SHELLS.join(", ")}.`,
    });
  }
  await terminal.writeData(COMPLETION_SCRIPTS[known]);
}

/** Answers a completion script: prints what may stand in the place of the last of `words`. Nothing is ever an error. */
export async function answerCompletion(
  program: AnyCommand,
  words: readonly string[],
  context: CommandContext,
): Promise<void> {
  const candidates = await completeWords(program, words, optionValues(context));
  const lines = candidates.map(({ value, description }) => `${value}\t${plainText(description)}\n`);
  await context.terminal.writeData(lines.join(""));
}

/** Options that take one of a few values, whichever command they are of. */
const FIXED_VALUES: Readonly<Record<string, readonly string[]>> = {
  flow: FLOWS,
  cloud: CLOUDS.map(({ name }) => name),
  prompt: PROMPTS,
};

/** Commands whose `--name` is for a profile that is yet to come. */
const NEW_NAMES = ["create-profile", "import-profile"];

function optionValues({ profiles }: CommandContext): OptionValues {
  return (option, command) => {
    if (option === "profile" || option === "name" && !NEW_NAMES.includes(command)) {
      return profileNames(profiles);
    }
    if (option === "output" && command !== "export-profile") {
      return Promise.resolve(command === "get-token" ? OUTPUT_FORMS : DOCUMENT_FORMS);
    }
    return Object.hasOwn(FIXED_VALUES, option) ? Promise.resolve(FIXED_VALUES[option] ?? []) : null;
  };
}

async function profileNames(profiles: CommandContext["profiles"]): Promise<string[]> {
  try {
    return (await profiles.list()).map(({ name }) => name);
  } catch (error) {
    // A shell that completes a word has no place for what is wrong with the file.
    if (error instanceof CliError) return [];
    throw error;
  }
}
