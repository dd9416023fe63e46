import { Command, ValidationError } from "@cliffy/command";
import denoJson from "../../deno.json" with { type: "json" };
import { ownArguments } from "./own_arguments.ts";
import type { AnyCommand } from "./any_command.ts";
import { COMPLETE } from "./completions/completion_word.ts";
import { withoutConfigAlias } from "./options/config_alias.ts";
import type { CommandContext } from "./context.ts";
import { takesColour } from "./terminal/terminal_ui.ts";
import { withoutJoinedValues } from "./options/joined_values.ts";
import { PROGRAM_VERSION } from "./program_version.ts";
import { usageError } from "./usage_error.ts";

/** Loads one command. Only the command that is called is loaded; the others cost nothing. */
type LoadCommand = (context: CommandContext) => Promise<AnyCommand>;

const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  "get-token": async (context) => (await import("./commands/get_token.ts")).getTokenCommand(context),
  "exec": async (context) => (await import("./commands/exec.ts")).execCommand(context),
  "credential-helper": async (context) =>
    (await import("./commands/credential_helper.ts")).credentialHelperCommand(context),
  "refresh": async (context) => (await import("./commands/refresh.ts")).refreshCommand(context),
  "inspect": async (context) => (await import("./commands/inspect.ts")).inspectCommand(context),
  "status": async (context) => (await import("./commands/status.ts")).statusCommand(context),
  "explain": async (context) => (await import("./commands/explain.ts")).explainCommand(context),
  "clear-cache": async (context) => (await import("./commands/clear_cache.ts")).clearCacheCommand(context),
  "create-profile": async (context) =>
    (await import("./commands/create_profile.ts")).createProfileCommand(context),
  "list-profiles": async (context) =>
    (await import("./commands/list_profiles.ts")).listProfilesCommand(context),
  "show-profile": async (context) => (await import("./commands/show_profile.ts")).showProfileCommand(context),
  "edit-profile": async (context) => (await import("./commands/edit_profile.ts")).editProfileCommand(context),
  "delete-profile": async (context) =>
    (await import("./commands/delete_profile.ts")).deleteProfileCommand(context),
  "export-profile": async (context) =>
    (await import("./commands/export_profile.ts")).exportProfileCommand(context),
  "import-profile": async (context) =>
    (await import("./commands/import_profile.ts")).importProfileCommand(context),
  "completions": async (context) => (await import("./commands/completions.ts")).completionsCommand(context),
  "permissions": async (context) => (await import("./commands/permissions.ts")).permissionsCommand(context),
  "doctor": async (context) => (await import("./commands/doctor.ts")).doctorCommand(context),
};

/** The names of the commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** The columns of help that is not read on a terminal: in a file, a pipe or a CI log. */
const HELP_COLUMNS = 100;

/** Flags that say nothing about what to do. */
const GLOBAL_FLAGS: readonly string[] = ["--verbose", "--plain"];

/**
 * Parses `args` and runs the command they name. `help COMMAND` is understood as `COMMAND --help`.
 *
 * @throws {CliError} `usage` when the arguments are wrong, and whatever the command throws.
 */
export async function runProgram(args: readonly string[], context: CommandContext): Promise<void> {
  if (args[0] === COMPLETE) return await complete(args.slice(1), context);
  const typed = withoutJoinedValues(withoutConfigAlias(args[0] === "help" ? asHelpFlag(args) : args));
  const called = calledCommand(typed);
  const program = await buildProgram(called, context);
  try {
    refuseEmptyArguments(typed);
    refuseWordsForAnother(typed, called);
    if (ownArguments(typed).every((arg) => GLOBAL_FLAGS.includes(arg))) program.showHelp();
    else await program.parse([...typed]);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw usageError({ args: typed, called, commands: COMMAND_NAMES, message: error.message });
  }
}

/** `help COMMAND` as `COMMAND --help`. */
function asHelpFlag(args: readonly string[]): string[] {
  return [...args.slice(1).filter((arg) => !["-h", "--help"].includes(arg)), "--help"];
}

/** The command that `args` name, if there is such a command. */
function calledCommand(args: readonly string[]): string | null {
  const called = args.find((arg) => !arg.startsWith("-")) ?? "";
  return Object.hasOwn(COMMANDS, called) ? called : null;
}

/** The program with the one command, or with all of them. */
async function buildProgram(called: string | null, context: CommandContext): Promise<AnyCommand> {
  const { stdoutIsTerminal } = context.terminal;
  const help = {
    colors: stdoutIsTerminal && takesColour(context.env),
    // On a terminal Cliffy takes the terminal's width.
    ...(stdoutIsTerminal ? {} : { width: HELP_COLUMNS }),
  };
  const program = new Command()
    .name("entra-auth-cli")
    .version(denoJson.version)
    // Not Cliffy's own, which colours what it prints into a pipe too.
    .versionOption(
      "-V, --version",
      "Show the version number for this program.",
      () => context.terminal.writeData(`${PROGRAM_VERSION}\n`),
    )
    .usage("COMMAND [OPTION...]")
    .description("Sign in to Microsoft Entra ID and get access tokens, from the command line.")
    .example("First", "entra-auth-cli create-profile --name default")
    .example("Then", "entra-auth-cli get-token")
    .example("All about a command", "entra-auth-cli get-token --help")
    .globalOption("--verbose", "Say more when something fails.")
    .globalOption("--plain", "Words in place of symbols, nothing that moves: for screen readers.")
    .help(help)
    .throwErrors()
    .noExit();
  for (const name of called === null ? Object.keys(COMMANDS) : [called]) {
    const load = COMMANDS[name];
    if (load !== undefined) program.command(name, await load(context));
  }
  return program;
}

/** Answers the script that completes words in a shell. The last word is still being typed, so it names no command. */
async function complete(typed: readonly string[], context: CommandContext): Promise<void> {
  const words = withoutConfigAlias(typed);
  const { answerCompletion } = await import("./commands/completions.ts");
  await answerCompletion(await buildProgram(calledCommand(words.slice(0, -1)), context), words, context);
}

/** Cliffy passes over what follows `--`, and `-- get-token` would be done without having done anything. */
function refuseWordsForAnother(args: readonly string[], called: string | null): void {
  const own = ownArguments(args);
  if (args.length <= own.length + 1 || (called === "exec" && own.includes(called))) return;
  throw new ValidationError(
    "Only exec has something to follow two dashes, which is the command that it runs.",
  );
}

/**
 * Cliffy drops an empty value or positional argument: `clear-cache --profile "$UNSET"` would clear another profile, and
 * `inspect "$UNSET"` report on another token.
 */
function refuseEmptyArguments(args: readonly string[]): void {
  const own = ownArguments(args);
  const option = own.find((arg, at) => /^-./.test(arg) && (own[at + 1] === "" || /^[^=]+=$/.test(arg)));
  if (option !== undefined) {
    throw new ValidationError(`Missing value for option "${option.replace(/=$/, "")}".`);
  }
  if (own.includes("")) {
    throw new ValidationError('Invalid argument "": expected a value, or no argument at all.');
  }
}
