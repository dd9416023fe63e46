import { exchangeForRegistry, isRegistryOf } from "../../flows/registry_credential.ts";
import { cloudOf } from "../../identity/cloud.ts";
import { CliError } from "../../errors.ts";
import { acquireToken, readSettings } from "../acquire_token.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { profileName } from "../options/chosen_profile.ts";
import { DOCKER_CREDENTIAL_OPTIONS, type DockerCredentialFlags } from "../options/command_options.ts";
import { formatJson } from "../output/document_format.ts";
import { checkGitHost } from "../output/git_credential.ts";
import { waitPrinter } from "../terminal/progress_lines.ts";

/** Docker writes less. */
const MAX_INPUT_BYTES = 1024 * 1024;

/** With this text and exit code 1, a client continues without a credential. */
const NOT_FOUND = "credentials not found in native keychain\n";

export function dockerCredentialCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Sign docker and other container clients in to Azure Container Registry, as their credential helper.\n" +
        "They call it through docker-credential-entra-auth-cli, which install-shims writes.",
    )
    .usage("[options] get|list|store|erase")
    .arguments("<operation:string:operation>")
    .complete("operation", () => ["get", "list", "store", "erase"]);
  return addOptions(command, DOCKER_CREDENTIAL_OPTIONS)
    .example("In ~/.docker/config.json", `{"credHelpers": {"contoso.azurecr.io": "entra-auth-cli"}}`)
    .action((flags: DockerCredentialFlags, operation: string) =>
      runDockerCredential(operation, flags, context)
    );
}

/** Answers a container client. @throws {CliError} `usage`; what {@linkcode acquireToken} and the exchange throw. */
async function runDockerCredential(
  operation: string,
  flags: DockerCredentialFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  for (const host of flags.host ?? []) checkGitHost(host);
  switch (operation) {
    case "get":
      return await get(registryHost(await context.readInput(MAX_INPUT_BYTES, signal)), flags, context);
    case "list":
      // The registries are known to Azure, not to this program.
      return await terminal.writeData("{}\n");
    case "store":
    case "erase":
      // Nothing is kept: each `get` exchanges a token. The input is read so that the client can write it.
      await context.readInput(MAX_INPUT_BYTES, signal);
      return;
    default:
      throw new CliError("usage", `Unknown operation "${operation}": expected get, list, store or erase`);
  }
}

async function get(host: string, flags: DockerCredentialFlags, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const { authority } = await readSettings(flags, await profileName(flags.profile, context), context);
  if (!isRegistryOf(authority, host) && !(flags.host ?? []).some((name) => name.toLowerCase() === host)) {
    await terminal.writeData(NOT_FOUND);
    context.exitCode = 1;
    return;
  }
  // Registries accept tokens for Azure Resource Manager unless a policy forbids it.
  const scope = flags.scope ?? [`${cloudOf(authority).resourceManager}/.default`];
  const say = waitPrinter(terminal, flags.quiet ?? flags.silent ?? false);
  const { result, settings } = await acquireToken({ ...flags, scope }, context, say);
  const network = await context.openNetwork(flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"));
  const parts = { network, signal: context.signal };
  const { username, secret } = await exchangeForRegistry(host, result.token, settings.tenant, parts);
  await terminal.writeData(formatJson({ ServerURL: host, Username: username, Secret: secret.reveal() }));
}

/** Returns the host in what a client writes: a host, or a URL with a path. */
function registryHost(input: string): string {
  return input.trim().replace(/^https:\/\//i, "").replace(/\/.*$/s, "").toLowerCase();
}
