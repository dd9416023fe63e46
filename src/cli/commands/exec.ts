import { CliError } from "../../errors.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { ForegroundResult } from "../../system/processes/foreground_program.ts";
import type { CommandContext } from "../context.ts";
import { acquireToken } from "../acquire_token.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { DEFAULT_VARIABLE, EXEC_OPTIONS, type ExecFlags } from "../options/command_options.ts";
import { waitPrinter } from "../terminal/progress_lines.ts";

export function execCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Run a command with an access token in its environment, and exit with its exit code.",
    )
    .usage("[options] -- <command> [argument...]");
  return addOptions(command, EXEC_OPTIONS)
    .example("Call an API", `entra-auth-cli exec -- sh -c 'curl --oauth2-bearer "$ACCESS_TOKEN" URL'`)
    .example("As a managed identity", "entra-auth-cli exec --managed-identity -- node app.js")
    .example("Set another variable", "entra-auth-cli exec --env GRAPH_TOKEN -- node report.js")
    .action(async function (flags: ExecFlags) {
      await runExec(flags, this.getLiteralArgs(), context);
    });
}

/**
 * Acquires the token, runs the command with it, and sets the exit code to that of the command.
 *
 * @param line The command and its arguments.
 * @throws {CliError} `usage`, what {@linkcode acquireToken} throws, `permission` if Deno may not start the command,
 *   `command_not_found` or `command_refused`.
 */
export async function runExec(
  flags: ExecFlags,
  line: readonly string[],
  context: CommandContext,
): Promise<void> {
  const [command, ...args] = line;
  if (command === undefined || command === "") {
    throw new CliError("usage", "Missing command to run", {
      hint: "entra-auth-cli exec -- COMMAND",
    });
  }
  if (flags.managedIdentity ?? false) return await runWithEndpoint(flags, command, args, context);
  if (flags.resource !== undefined) {
    throw new CliError(
      "usage",
      `${EXEC_OPTIONS.resource.flag} is only for ${EXEC_OPTIONS.managedIdentity.flag}`,
      { hint: `Choose what the token is for with ${EXEC_OPTIONS.scope.flag}.` },
    );
  }
  const variable = parseVariable(flags.env ?? DEFAULT_VARIABLE);
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  const { result } = await acquireToken(flags, context, waitPrinter(context.terminal, isQuiet));
  await runCommand(command, args, { [variable]: result.token.accessToken.reveal() }, flags, context);
}

/** Runs the command with an endpoint for its requests, which ends when the command does. */
async function runWithEndpoint(
  flags: ExecFlags,
  command: string,
  args: readonly string[],
  context: CommandContext,
): Promise<void> {
  if (flags.env !== undefined) {
    throw new CliError(
      "usage",
      `${EXEC_OPTIONS.env.flag} and ${EXEC_OPTIONS.managedIdentity.flag} cannot be used together`,
      { hint: "Remove one of them." },
    );
  }
  const { endpointVariables, openTokenEndpoint } = await import("../token_endpoint.ts");
  const request = { ports: { kind: "random" }, resources: flags.resource } as const;
  await using endpoint = await openTokenEndpoint(request, flags, context);
  // With a thumbprint, SDKs take the endpoint for that of Service Fabric, and MSAL for Python does so with an empty one.
  const variables = { ...endpointVariables(endpoint, "127.0.0.1"), IDENTITY_SERVER_THUMBPRINT: null };
  await runCommand(command, args, variables, flags, context);
}

async function runCommand(
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string | null>>,
  flags: ExecFlags,
  context: CommandContext,
): Promise<void> {
  // The assertion is for this program. Emptied, as removing an inherited variable requires the permission to read all.
  const emptied = flags.assertionEnv === undefined ? {} : { [flags.assertionEnv]: "" };
  const env = { ...emptied, ...variables };
  const ended = await context.runInForeground(command, args, env);
  if (ended.kind !== "ended") throw startError(ended, command, flags.env ?? DEFAULT_VARIABLE);
  context.exitCode = ended.code;
}

function parseVariable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new CliError(
    "usage",
    `Invalid variable ${JSON.stringify(name)}: expected letters, digits and underscores`,
    {
      hint: `Example: ${EXEC_OPTIONS.env.flag} ${DEFAULT_VARIABLE}`,
    },
  );
}

function startError(
  failed: Exclude<ForegroundResult, { kind: "ended" }>,
  command: string,
  variable: string,
): CliError {
  switch (failed.kind) {
    case "not-found":
      return new CliError("command_not_found", `Command not found: ${JSON.stringify(command)}`, {
        hint: "Check its name, and that its folder is in PATH.",
      });
    case "refused":
      return new CliError("command_refused", `Cannot run ${JSON.stringify(command)}`, {
        hint: "Check that it is a program, and that its file is executable.",
      });
    case "not-permitted":
      return new CliError("permission", `Running ${JSON.stringify(command)} is not permitted`, {
        hint: [
          failed.hint,
          `Or without exec, in a POSIX shell: ${variable}=$(entra-auth-cli get-token) ${shellWord(command)}`,
        ].join("\n"),
      });
  }
}
