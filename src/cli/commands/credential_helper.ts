import { Command } from "@cliffy/command";
import { forgetAccessTokens } from "../../flows/tokens/forget_access_tokens.ts";
import { checkFlow } from "../../profiles/validate_fields.ts";
import { DEFAULT_FLOW, isApplicationFlow } from "../../profiles/profile.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import { Secret } from "../../text/secret.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { acquireToken } from "../acquire_token.ts";
import type { TokenFlags } from "../options/token_flags.ts";
import { tokenOptions } from "../options/token_options.ts";
import {
  formatGitCredential,
  type GitCredential,
  isAnswered,
  parseGitCredential,
} from "../output/git_credential.ts";
import { profileName } from "../options/profile_name.ts";
import { sayWaits } from "../terminal/progress_lines.ts";

/** The flags of `credential-helper`, as typed: those of `get-token` that choose a token, and more hosts. */
export interface CredentialHelperFlags extends TokenFlags {
  /** Hosts to answer for besides Azure Repos. */
  readonly host?: readonly string[] | undefined;
}

/** Azure DevOps as Entra knows it, by its id and by its address. */
const AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798";
const OF_AZURE_DEVOPS = /^(499b84ac-1321-427f-aa17-267ca6975798|https:\/\/app\.vssps\.visualstudio\.com)\//i;

/** More than git ever writes. */
const MAX_INPUT_BYTES = 1024 * 1024;

/** The `credential-helper` command. */
export function credentialHelperCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description(
      "Answer git, which wants to sign in to Azure Repos.\n" +
        "Git runs it, as a credential helper. Without --scope it requests the profile's scopes for\n" +
        "Azure DevOps, or all of them if the profile has none.",
    )
    .usage("[OPTION...] get|store|erase")
    .arguments("<operation:string:operation>")
    .complete("operation", () => ["get", "store", "erase"])
    .option("--host <host:string>", "Answer for this host too, besides those of Azure Repos.", {
      collect: true,
    });
  return tokenOptions(command)
    .example(
      // With a name the line would be wider than the help, and be broken in the middle of the command.
      "",
      "git config --global credential.https://dev.azure.com.helper '!entra-auth-cli credential-helper'",
    )
    .action((flags: CredentialHelperFlags, operation: string) =>
      runCredentialHelper(operation, flags, context)
    );
}

/**
 * Answers git. For hosts that aren't meant it says nothing and succeeds, so that git asks its next helper; so it does for
 * operations that a later git may have.
 *
 * @throws {CliError} What {@linkcode acquireToken} and the store throw.
 */
export async function runCredentialHelper(
  operation: string,
  flags: CredentialHelperFlags,
  context: CommandContext,
): Promise<void> {
  const asked = parseGitCredential(await context.readInput(MAX_INPUT_BYTES, context.signal));
  if (!isAnswered(asked, flags.host ?? [])) return;
  if (operation === "get") await answer(asked, flags, context);
  if (operation === "erase") await erase(asked, flags, context);
}

async function answer(
  asked: GitCredential,
  flags: CredentialHelperFlags,
  context: CommandContext,
): Promise<void> {
  const scope = flags.scope ?? await chooseScopes(flags, context);
  const say = sayWaits(context.terminal, flags.quiet ?? flags.silent ?? false);
  const { result } = await acquireToken({ ...flags, scope }, context, say);
  await context.terminal.writeData(formatGitCredential(result.token, asked));
}

/** Azure Repos refused the token: the next one has to be a fresh one. */
async function erase(
  { secret }: GitCredential,
  flags: CredentialHelperFlags,
  context: CommandContext,
): Promise<void> {
  const scopes = parseScopeFlag(flags.scope) ?? await chooseScopes(flags, context);
  const name = profileName(flags.profile, context.env);
  await forgetAccessTokens(
    name,
    secret === undefined ? { scopes } : { accessToken: new Secret(secret) },
    context,
  );
}

/**
 * A profile that names scopes of Azure DevOps has chosen. Otherwise a person consents to `user_impersonation` at the
 * sign-in, whatever is registered; an application has no person, so it gets what an administrator allowed.
 */
async function chooseScopes(
  flags: CredentialHelperFlags,
  { env, profiles }: CommandContext,
): Promise<readonly string[]> {
  const profile = await profiles.find(profileName(flags.profile, env));
  const own = profile?.scopes.filter((scope) => OF_AZURE_DEVOPS.test(scope)) ?? [];
  if (own.length > 0) return own;
  const flow = flags.flow === undefined ? profile?.flow ?? DEFAULT_FLOW : checkFlow(flags.flow);
  return [`${AZURE_DEVOPS}/${isApplicationFlow(flow) ? ".default" : "user_impersonation"}`];
}
