import { forgetAccessTokens } from "../../flows/tokens/forget_tokens.ts";
import { checkFlow } from "../../profiles/validate_fields.ts";
import { DEFAULT_FLOW, isApplicationFlow } from "../../profiles/profile.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import { Secret } from "../../text/secret.ts";
import type { CommandContext } from "../context.ts";
import { acquireToken } from "../acquire_token.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { profileName } from "../options/chosen_profile.ts";
import { CREDENTIAL_HELPER_OPTIONS, type CredentialHelperFlags } from "../options/command_options.ts";
import {
  checkGitHost,
  formatGitCredential,
  type GitCredential,
  mayReceiveToken,
  parseGitCredential,
} from "../output/git_credential.ts";
import { waitPrinter } from "../terminal/progress_lines.ts";

/** The application ID of Azure DevOps, and its scopes by ID and by URL. */
const AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798";
const OF_AZURE_DEVOPS = /^(499b84ac-1321-427f-aa17-267ca6975798|https:\/\/app\.vssps\.visualstudio\.com)\//i;

/** Git writes less. */
const MAX_INPUT_BYTES = 1024 * 1024;

export function credentialHelperCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Sign git in to Azure Repos, as a credential helper that git runs.\n" +
        `Without ${CREDENTIAL_HELPER_OPTIONS.scope.flag} it requests the profile's scopes for Azure DevOps, or all of them ` +
        "if the profile has none.",
    )
    .usage("[options] get|store|erase")
    .arguments("<operation:string:operation>")
    .complete("operation", () => ["get", "store", "erase"]);
  return addOptions(command, CREDENTIAL_HELPER_OPTIONS)
    .example(
      "Sign git in to Azure Repos",
      "git config --global credential.https://dev.azure.com.helper '!entra-auth-cli credential-helper'",
    )
    .action((flags: CredentialHelperFlags, operation: string) =>
      runCredentialHelper(operation, flags, context)
    );
}

/**
 * Answers git. For other hosts and unknown operations it prints nothing and succeeds, so that git asks its next helper.
 *
 * @throws {CliError} `usage` for an invalid host; what {@linkcode acquireToken} and the store throw.
 */
export async function runCredentialHelper(
  operation: string,
  flags: CredentialHelperFlags,
  context: CommandContext,
): Promise<void> {
  const { host: hosts = [] } = flags;
  for (const host of hosts) checkGitHost(host);
  const asked = parseGitCredential(await context.readInput(MAX_INPUT_BYTES, context.signal));
  if (!mayReceiveToken(asked, hosts)) return;
  if (operation === "get") await answer(asked, flags, context);
  if (operation === "erase") await erase(asked, flags, context);
}

async function answer(
  asked: GitCredential,
  flags: CredentialHelperFlags,
  context: CommandContext,
): Promise<void> {
  const scope = flags.scope ?? await chooseScopes(flags, context);
  const say = waitPrinter(context.terminal, flags.quiet ?? flags.silent ?? false);
  const { result } = await acquireToken({ ...flags, scope }, context, say);
  await context.terminal.writeData(formatGitCredential(result.token, asked));
}

/** Deletes a token that Azure Repos refused, so that the next one is new. */
async function erase(
  { secret }: GitCredential,
  flags: CredentialHelperFlags,
  context: CommandContext,
): Promise<void> {
  const scopes = parseScopeFlag(flags.scope) ?? await chooseScopes(flags, context);
  const name = await profileName(flags.profile, context);
  await forgetAccessTokens(
    name,
    secret === undefined ? { scopes } : { accessToken: new Secret(secret) },
    context,
  );
}

/**
 * Returns the profile's scopes of Azure DevOps. Without any it is `user_impersonation`, to which a user can consent at
 * the sign-in whatever is registered; for an application it is `.default`, which an administrator allowed.
 */
async function chooseScopes(
  flags: CredentialHelperFlags,
  context: CommandContext,
): Promise<readonly string[]> {
  const profile = await context.profiles.find(await profileName(flags.profile, context));
  const own = profile?.scopes.filter((scope) => OF_AZURE_DEVOPS.test(scope)) ?? [];
  if (own.length > 0) return own;
  const flow = flags.flow === undefined ? profile?.flow ?? DEFAULT_FLOW : checkFlow(flags.flow);
  return [`${AZURE_DEVOPS}/${isApplicationFlow(flow) ? ".default" : "user_impersonation"}`];
}
