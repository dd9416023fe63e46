import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { COMPLETION_SCRIPTS, type Shell } from "../completions/completion_scripts.ts";
import type { CommandContext } from "../context.ts";
import type { AnyCommand } from "../options/add_options.ts";

const SHELLS = Object.keys(COMPLETION_SCRIPTS) as Shell[];

export function completionsCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Print the completion script of a shell: for commands, flags, profiles and flows.")
    .arguments("<shell:string:shell>")
    .complete("shell", () => SHELLS)
    .example("bash", "echo 'source <(entra-auth-cli completions bash)' >> ~/.bashrc")
    .example("zsh", "echo 'source <(entra-auth-cli completions zsh)' >> ~/.zshrc")
    .example("fish", "entra-auth-cli completions fish > ~/.config/fish/completions/entra-auth-cli.fish")
    .example("PowerShell", "entra-auth-cli completions powershell >> $PROFILE")
    .action((_flags, shell) => runCompletions(shell, context));
}

/** Prints the script for `shell`. @throws {CliError} `usage` for a shell without one. */
export async function runCompletions(shell: string, { terminal }: CommandContext): Promise<void> {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    throw new CliError("usage", `Invalid shell ${JSON.stringify(shell)}: expected ${SHELLS.join(", ")}`, {
      hint: "Example: entra-auth-cli completions bash",
    });
  }
  await terminal.writeData(COMPLETION_SCRIPTS[known]);
}
