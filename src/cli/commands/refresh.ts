import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { getToken } from "../../flows/get_token/get_token.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { localTime } from "../output/time.ts";
import { profileName } from "../options/profile_name.ts";
import { readSettings } from "../options/read_settings.ts";
import { sayProgress } from "../terminal/progress_lines.ts";
import { signInFlags } from "../options/sign_in_flags.ts";

/** The flags of `refresh`, as typed. */
export interface RefreshFlags {
  /** Name of the profile. */
  readonly profile?: string | undefined;
  /** Scopes, each text with one or more. */
  readonly scope?: readonly string[] | undefined;
  /** Tenant. */
  readonly tenantId?: string | undefined;
  /** Tenant, by its other flag. */
  readonly tenant?: string | undefined;
  /** Application. */
  readonly clientId?: string | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
  /** Cloud, a name for an authority. */
  readonly cloud?: string | undefined;
  /** Path of a root certificate. */
  readonly caCert?: string | undefined;
  /** No status lines. */
  readonly quiet?: boolean | undefined;
  /** No status lines, by its other flag. */
  readonly silent?: boolean | undefined;
}

/** The `refresh` command. */
export function refreshCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Get a new access token without the user, even where the cached one is still valid.")
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("-s, --scope <scopes:string>", "Scopes, in one string or several flags (else the profile's).", {
      collect: true,
    })
    .option("--tenant-id <tenant:string>", "Tenant ($AZURE_TENANT_ID, else the profile's).")
    .option("--tenant <tenant:string>", "The same as --tenant-id.", { hidden: true })
    .option("--client-id <id:string>", "Application ID ($AZURE_CLIENT_ID, else the profile's).")
    .option(
      "--authority <url:string>",
      "Base URL of the authority ($AZURE_AUTHORITY_HOST, else the profile's).",
    )
    .option("--cloud <cloud:string>", "The authority by the name of its cloud: public, usgov or china.")
    .option("--ca-cert <file:string>", "Root certificate (PEM) to trust too ($ENTRA_AUTH_CLI_CA_CERT).")
    .option("-q, --quiet", "No status lines.")
    .option("--silent", "The same as --quiet.", { hidden: true })
    .example("Refresh a profile's token", "entra-auth-cli refresh --profile myapp")
    .action((flags) => runRefresh(flags, context));
}

/** Refreshes the profile's token. @throws {CliError} `no_token` when nobody signed in yet, `interaction_required` when the user has to, `store` when the new token can't be saved. */
export async function runRefresh(flags: RefreshFlags, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const name = profileName(flags.profile, env);
  const { hasProfile, authority, tenant, clientId, flow, scopes, expect } = await readSettings(
    { ...flags, tenantId: flags.tenantId ?? flags.tenant, scopes: parseScopeFlag(flags.scope) },
    name,
    context,
  );
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  const { token, isSaved } = await getToken(
    {
      key: { profile: name, authority, tenant, clientId },
      hasProfile,
      flow,
      scopes,
      expect,
      acceptCached: false,
      acceptRefresh: true,
      mayPrompt: false,
      signInFlags: signInFlags(flags),
      useStore: true,
      manner: { ports: { kind: "random" }, showUrl: false, timeoutMs: 0 },
      caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
    },
    context,
    sayProgress(terminal, isQuiet),
  );
  // No token is printed: one that isn't kept either is lost.
  if (!isSaved) {
    throw new CliError("store", `The new token of profile '${name}' could not be saved`, {
      hint: `The warning above says why. Mend that, then: entra-auth-cli get-token --profile ${
        shellWord(name)
      }`,
    });
  }
  if (!isQuiet) terminal.say(`Token expires: ${localTime(token.expiresAt)}`);
}
