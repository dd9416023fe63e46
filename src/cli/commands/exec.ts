import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { ForegroundResult } from "../../system/processes/foreground_program.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { acquireToken } from "../acquire_token.ts";
import type { TokenFlags } from "../options/token_flags.ts";
import { tokenOptions } from "../options/token_options.ts";
import { sayWaits } from "../terminal/progress_lines.ts";

/** The flags of `exec`, as typed: those of `get-token` that choose a token, and the variable to put it in. */
export interface ExecFlags extends TokenFlags {
  /** Name of the variable. */
  readonly env?: string | undefined;
}

const DEFAULT_VARIABLE = "ACCESS_TOKEN";

/** The `exec` command. */
export function execCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description(
      "Run a command with an access token in its environment. Its exit code becomes that of this program.",
    )
    .usage("[OPTION...] -- COMMAND [ARGUMENT...]")
    .option("--env <name:string>", `Variable to put the token in (default ${DEFAULT_VARIABLE}).`);
  return tokenOptions(command)
    .example("Call an API", `entra-auth-cli exec -- sh -c 'curl --oauth2-bearer "$ACCESS_TOKEN" URL'`)
    .example("In another variable", "entra-auth-cli exec --env GRAPH_TOKEN -- node report.js")
    .action(async function (flags: ExecFlags) {
      await runExec(flags, this.getLiteralArgs(), context);
    });
}

/**
 * Gets the token and runs the command with it; the exit code of the command becomes the program's.
 *
 * @param line The command and its arguments.
 * @throws {CliError} `usage`, what {@linkcode acquireToken} throws, `permission` when Deno may not start the command,
 *   `command_not_found` or `command_refused`.
 */
export async function runExec(
  flags: ExecFlags,
  line: readonly string[],
  context: CommandContext,
): Promise<void> {
  const [command, ...args] = line;
  if (command === undefined || command === "") {
    throw new CliError("usage", "There is no command to run", {
      hint: "Write it after two dashes: entra-auth-cli exec -- COMMAND",
    });
  }
  const variable = parseVariable(flags.env ?? DEFAULT_VARIABLE);
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  const { result } = await acquireToken(flags, context, sayWaits(context.terminal, isQuiet));
  const env = { [variable]: result.token.accessToken.reveal() };
  const ended = await context.runInForeground(command, args, env);
  if (ended.kind !== "ended") throw startError(ended, command, variable);
  context.exitCode = ended.code;
}

function parseVariable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new CliError("usage", `Not the name of a variable: ${JSON.stringify(name)}`, {
    hint: "Use letters, digits and underscores.",
  });
}

function startError(
  failed: Exclude<ForegroundResult, { kind: "ended" }>,
  command: string,
  variable: string,
): CliError {
  switch (failed.kind) {
    case "not-found":
      return new CliError("command_not_found", `There is no command ${JSON.stringify(command)}`, {
        hint: "Check its name, and that PATH has its folder.",
      });
    case "refused":
      return new CliError("command_refused", `${JSON.stringify(command)} can't be run`, {
        hint: "Check that it is a program, and that you may execute it.",
      });
    case "not-permitted":
      return new CliError("permission", `Running ${JSON.stringify(command)} is not permitted`, {
        hint: [
          `Add the Deno flag ${failed.flag}`,
          `An executable has its list inside: sh scripts/dev.sh compile --also-run ${shellWord(command)}`,
          `Without exec, in a POSIX shell: ${variable}=$(entra-auth-cli get-token) ${shellWord(command)}`,
        ].join("\n"),
      });
  }
}
