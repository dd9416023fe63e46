import { Command, ValidationError } from "@cliffy/command";
import denoJson from "../../deno.json" with { type: "json" };
import { CliError } from "../errors.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";

/** Loads one command. Only the command that is called is loaded; the others cost nothing. */
type LoadCommand = (context: CommandContext) => Promise<AnyCommand>;

const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  "get-token": async (context) => (await import("./get_token.ts")).getTokenCommand(context),
  "refresh": async (context) => (await import("./refresh.ts")).refreshCommand(context),
  "inspect": async (context) => (await import("./inspect.ts")).inspectCommand(context),
  "clear-cache": async (context) => (await import("./clear_cache.ts")).clearCacheCommand(context),
  "create-profile": async (context) => (await import("./create_profile.ts")).createProfileCommand(context),
  "list-profiles": async (context) => (await import("./list_profiles.ts")).listProfilesCommand(context),
  "delete-profile": async (context) => (await import("./delete_profile.ts")).deleteProfileCommand(context),
};

/**
 * Parses `args` and runs the command they name.
 *
 * @throws {CliError} `usage` when the arguments are wrong, and whatever the command throws.
 */
export async function runProgram(args: readonly string[], context: CommandContext): Promise<void> {
  const program = new Command()
    .name("entra-auth-cli")
    .version(denoJson.version)
    .description("Sign in to Microsoft Entra ID and get access tokens, from the command line.")
    .globalOption("--verbose", "Say more when something fails.")
    .help({ colors: context.terminal.stdoutIsTerminal && context.env.get("NO_COLOR") === undefined })
    .throwErrors()
    .noExit();
  const called = args.find((arg) => !arg.startsWith("-")) ?? "";
  const names = Object.hasOwn(COMMANDS, called) ? [called] : Object.keys(COMMANDS);
  for (const name of names) {
    const load = COMMANDS[name];
    if (load !== undefined) program.command(name, await load(context));
  }
  try {
    if (args.length === 0) program.showHelp();
    else await program.parse([...args]);
  } catch (error) {
    throw error instanceof ValidationError ? usageError(error) : error;
  }
}

function usageError(error: ValidationError): CliError {
  return new CliError("usage", error.message, { hint: "See: entra-auth-cli --help" });
}
