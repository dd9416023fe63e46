import { CliError } from "../../errors.ts";
import { shellWord } from "../../text/shell_word.ts";
import { parseDuration, parsePorts } from "../acquire_token.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { SERVE_OPTIONS, type ServeFlags } from "../options/command_options.ts";
import { formatJson } from "../output/document_format.ts";
import { endpointVariables, openTokenEndpoint } from "../token_endpoint.ts";

export function serveCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description(
    "Give out tokens to programs that use a managed identity or azd, until it is stopped.\n" +
      "Prints the variables that these programs need. Anyone who has them can get your tokens.",
  );
  return addOptions(command, SERVE_OPTIONS)
    .example("For this shell", "entra-auth-cli serve --resource https://vault.azure.net --for 8h")
    .example("For a dev container", "entra-auth-cli serve --port 8123 --output devcontainer")
    .action((flags: ServeFlags) => runServe(flags, context));
}

/** Serves until the time is over or a signal ends the program. @throws {CliError} `usage`, and what opening the endpoint throws. */
async function runServe(flags: ServeFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const format = parseFormat(flags.output ?? "shell");
  const limitMs = flags.for === undefined ? null : parseDuration(flags.for);
  const ports = parsePorts(flags.port, undefined);
  const address = flags.listen === undefined ? undefined : checkAddress(flags.listen);
  const host = format === "devcontainer" ? "host.docker.internal" : address ?? "127.0.0.1";
  // These flags are about the port of the endpoint, not about the redirect.
  const signIn = { ...flags, port: undefined };
  const request = { ports, resources: flags.resource, address, hosts: [host] };
  if (address !== undefined) {
    terminal.writeMessage(
      `warning: ${address} can be reached from other machines or containers: anyone who learns the secret can get tokens`,
    );
  }
  await using endpoint = await openTokenEndpoint(request, signIn, context);
  await terminal.writeData(formatVariables(endpointVariables(endpoint, host), format));
  const ended = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );
  signal.throwIfAborted();
  await Promise.race([ended, ...limitMs === null ? [] : [context.clock.wait(limitMs, signal)]]);
}

const FORMATS = ["shell", "env", "devcontainer"] as const;

function parseFormat(text: string): typeof FORMATS[number] {
  const format = FORMATS.find((name) => name === text);
  if (format !== undefined) return format;
  throw new CliError(
    "usage",
    `Invalid output format ${JSON.stringify(text)}: expected ${FORMATS.join(", ")}`,
    { hint: `Example: ${SERVE_OPTIONS.output.flag} env` },
  );
}

/** Checks the address of `--listen`. A name could mean another machine tomorrow. */
function checkAddress(text: string): string {
  const isIpv4 = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && URL.parse(`http://${text}`)?.hostname === text;
  if (isIpv4 && text !== "0.0.0.0") return text;
  throw new CliError(
    "usage",
    `Invalid ${SERVE_OPTIONS.listen.flag} ${JSON.stringify(text)}: expected one IPv4 address of this machine`,
    { hint: `Example: ${SERVE_OPTIONS.listen.flag} 172.17.0.1` },
  );
}

function formatVariables(
  variables: Readonly<Record<string, string>>,
  format: typeof FORMATS[number],
): string {
  if (format === "devcontainer") return formatJson({ remoteEnv: variables });
  const prefix = format === "shell" ? "export " : "";
  return Object.entries(variables).map(([name, value]) => `${prefix}${name}=${shellWord(value)}\n`).join("");
}
