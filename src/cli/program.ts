import { Command, ValidationError } from "@cliffy/command";
import {
  COMPLETE,
  HELP,
  ignoredArgumentError,
  INTEGRATIONS,
  ownArguments,
  terminalStyle,
  withoutConfigAlias,
  withoutJoinedValues,
} from "./arguments.ts";
import type { CommandContext } from "./context.ts";
import type { HelpStyle } from "./help.ts";
import { addOptions, type AnyCommand } from "./options/add_options.ts";
import type { CommandName } from "./options/command_options.ts";
import { withProfileFlag } from "./options/profile_argument.ts";
import { GLOBAL_OPTIONS } from "./options/token_options.ts";
import { LINKS, PROGRAM_VERSION } from "./program_version.ts";
import { supportsColour } from "./terminal/terminal_ui.ts";
import { unknownTopicError, usageError } from "./usage_error.ts";

/** Declares a command: its description, flags, examples and action. Only the command that is called is loaded. */
type LoadCommand = (command: AnyCommand, context: CommandContext) => Promise<AnyCommand>;

const COMMANDS: Readonly<Record<CommandName, LoadCommand>> = {
  "get-token": async (...args) => (await import("./commands/get_token.ts")).getTokenCommand(...args),
  "exec": async (...args) => (await import("./commands/exec.ts")).execCommand(...args),
  "serve": async (...args) => (await import("./commands/serve.ts")).serveCommand(...args),
  "request": async (...args) => (await import("./commands/request.ts")).requestCommand(...args),
  "credential-helper": async (...args) =>
    (await import("./commands/credential_helper.ts")).credentialHelperCommand(...args),
  "refresh": async (...args) => (await import("./commands/refresh.ts")).refreshCommand(...args),
  "inspect": async (...args) => (await import("./commands/inspect.ts")).inspectCommand(...args),
  "status": async (...args) => (await import("./commands/status.ts")).statusCommand(...args),
  "explain": async (...args) => (await import("./commands/explain.ts")).explainCommand(...args),
  "clear-cache": async (...args) => (await import("./commands/clear_cache.ts")).clearCacheCommand(...args),
  "create-profile": async (...args) =>
    (await import("./commands/create_profile.ts")).createProfileCommand(...args),
  "list-profiles": async (...args) =>
    (await import("./commands/list_profiles.ts")).listProfilesCommand(...args),
  "show-profile": async (...args) => (await import("./commands/show_profile.ts")).showProfileCommand(...args),
  "use-profile": async (...args) => (await import("./commands/use_profile.ts")).useProfileCommand(...args),
  "edit-profile": async (...args) => (await import("./commands/edit_profile.ts")).editProfileCommand(...args),
  "delete-profile": async (...args) =>
    (await import("./commands/delete_profile.ts")).deleteProfileCommand(...args),
  "export-profile": async (...args) =>
    (await import("./commands/export_profile.ts")).exportProfileCommand(...args),
  "import-profile": async (...args) =>
    (await import("./commands/import_profile.ts")).importProfileCommand(...args),
  "completions": async (...args) => (await import("./commands/completions.ts")).completionsCommand(...args),
  "permissions": async (...args) => (await import("./commands/permissions.ts")).permissionsCommand(...args),
  "doctor": async (...args) => (await import("./commands/doctor.ts")).doctorCommand(...args),
  "install-shims": async (...args) =>
    (await import("./commands/install_shims.ts")).installShimsCommand(...args),
  "az": async (...args) => (await import("./commands/azure_clis.ts")).azCommand(...args),
  "azd": async (...args) => (await import("./commands/azure_clis.ts")).azdCommand(...args),
  "docker-credential": async (...args) =>
    (await import("./commands/docker_credential.ts")).dockerCredentialCommand(...args),
};

/** The names of the commands. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/** The width of help in a file, a pipe or a CI log. */
const HELP_COLUMNS = 100;

/** Wider lines are hard to read. */
const MAX_HELP_COLUMNS = 120;

const GLOBAL_FLAGS: readonly string[] = Object.values(GLOBAL_OPTIONS).map(({ flag }) => flag);
const HELP_FLAGS = ["-h", "--help"];
const VERSION_FLAGS = ["-V", "--version"];

/**
 * Parses `args` and runs the command they name. `help COMMAND` means `COMMAND --help`, and `help TOPIC` shows a topic.
 *
 * @throws {CliError} `usage` for invalid arguments, and what the command throws.
 */
export async function runProgram(args: readonly string[], context: CommandContext): Promise<void> {
  if (args[0] === COMPLETE) return await complete(args.slice(1), context);
  if (args[0] === HELP && await showTopic(args, context)) return;
  const split = withoutJoinedValues(withoutConfigAlias(args[0] === HELP ? asHelpFlag(args) : args));
  const called = calledCommand(split);
  const typed = withProfileFlag(split, called);
  const own = ownArguments(typed);
  const isKnown = called !== null || own.every((arg) => arg.startsWith("-"));
  if (isKnown && own.some((arg) => VERSION_FLAGS.includes(arg))) {
    return await context.terminal.writeData(`${PROGRAM_VERSION}\n`);
  }
  const program = await buildProgram(called, context);
  const isEmpty = own.every((arg) => GLOBAL_FLAGS.includes(arg));
  try {
    const ignored = ignoredArgumentError(typed, called);
    if (ignored !== null) throw new ValidationError(ignored);
    if (isEmpty || isKnown && own.some((arg) => HELP_FLAGS.includes(arg))) {
      await showHelp(program, called, own, context);
    } else await program.parse([...typed]);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw usageError({ args: split, called, commands: COMMAND_NAMES, message: error.message });
  }
}

async function showHelp(
  program: AnyCommand,
  called: CommandName | null,
  own: readonly string[],
  context: CommandContext,
): Promise<void> {
  const { formatHelp } = await import("./help.ts");
  await context.terminal.writeData(formatHelp(program, called, helpStyle(own, context)));
}

function helpStyle(own: readonly string[], { terminal, env }: CommandContext): HelpStyle {
  const { isPlain, isQuiet } = terminalStyle(own);
  const columns = terminal.stdoutIsTerminal ? terminal.columns() : null;
  return {
    width: Math.min(columns ?? HELP_COLUMNS, MAX_HELP_COLUMNS),
    isColoured: terminal.stdoutIsTerminal && !isPlain && !isQuiet && supportsColour(env),
    showsAll: own.includes("--all"),
    links: LINKS,
  };
}

/**
 * Shows the topic that `help TOPIC` names. Returns whether there was one: without a word, or with that of a command, there
 * is none. @throws {CliError} `usage` for any other word.
 */
async function showTopic(args: readonly string[], context: CommandContext): Promise<boolean> {
  const own = withoutConfigAlias(ownArguments(args.slice(1)));
  const word = own.find((arg) => !arg.startsWith("-")) ?? HELP;
  if (word === HELP || calledCommand([word]) !== null) return false;
  const { TOPIC_NAMES } = await import("./topics.ts");
  const topic = TOPIC_NAMES.find((name) => name === word);
  if (topic === undefined) throw unknownTopicError(word, COMMAND_NAMES, TOPIC_NAMES);
  const { formatTopic } = await import("./help.ts");
  await context.terminal.writeData(formatTopic(topic, helpStyle(own, context)));
  return true;
}

function asHelpFlag(args: readonly string[]): string[] {
  return [...args.slice(1).filter((arg) => arg !== HELP && !HELP_FLAGS.includes(arg)), "--help"];
}

/** Returns the command that `args` name, or null if there is none. */
function calledCommand(args: readonly string[]): CommandName | null {
  const called = args.find((arg) => !arg.startsWith("-"));
  return COMMAND_NAMES.find((name) => name === called) ?? null;
}

/** Builds the program with one command, or with all of them. */
export async function buildProgram(called: CommandName | null, context: CommandContext): Promise<AnyCommand> {
  const program = new Command()
    .name("entra-auth-cli")
    // For completions: both flags are handled before Cliffy parses the arguments.
    .version(PROGRAM_VERSION)
    .versionOption("-V, --version", "Show the version.", { global: true })
    .helpOption("-h, --help", "Show this help.")
    .description("Sign in to Microsoft Entra ID and get access tokens, from the command line.")
    .example("Create a profile", "entra-auth-cli create-profile --name default")
    .example("Sign in", "entra-auth-cli get-token")
    .example(
      "Use the token",
      'curl -H "$(entra-auth-cli get-token --output header)" https://graph.microsoft.com/v1.0/me',
    )
    .throwErrors()
    .noExit();
  addOptions(program, GLOBAL_OPTIONS, { global: true });
  for (const name of called === null ? COMMAND_NAMES : [called]) {
    const command = await COMMANDS[name](new Command(), context);
    program.command(name, INTEGRATIONS.includes(name) ? command.hidden() : command);
  }
  return program;
}

/** Answers a completion script. The last word is still being typed, so it does not name the command. */
async function complete(typed: readonly string[], context: CommandContext): Promise<void> {
  const words = withoutConfigAlias(typed);
  const { printCompletions } = await import("./completions/complete_words.ts");
  await printCompletions(await buildProgram(calledCommand(words.slice(0, -1)), context), words, context);
}
