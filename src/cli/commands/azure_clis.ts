import { CliError } from "../../errors.ts";
import { signInCommand } from "../../flows/get_token/interaction_required.ts";
import { storeStatus } from "../../flows/tokens/store_status.ts";
import { cloudOf } from "../../identity/cloud.ts";
import type { Account } from "../../identity/token.ts";
import { isApplicationFlow } from "../../profiles/profile.ts";
import { isJsonObject } from "../../text/json.ts";
import { type AcquiredToken, acquireToken, readSettings } from "../acquire_token.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { profileName } from "../options/chosen_profile.ts";
import { AZ_OPTIONS, AZD_OPTIONS, type AzdFlags, type AzFlags } from "../options/command_options.ts";
import { signInFlags, type TokenFlags } from "../options/token_options.ts";
import { formatJson } from "../output/document_format.ts";
import { utcTime } from "../output/time.ts";
import { azTokenDocument } from "../output/token_output.ts";

/**
 * The version of the Azure CLI to report: callers refuse versions before 2.0.81, and the next major version.
 * `azd` has no such limits.
 */
const AZ_VERSION = "2.80.0";
const AZD_VERSION = "1.20.0";

export function azCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Answer in place of the Azure CLI: account get-access-token, account show, version.\n" +
        "SDKs and Terraform call it through the program that install-shims writes.",
    )
    .arguments("<operation...:string:operation>")
    .complete("operation", () => ["account", "get-access-token", "show", "version"]);
  return addOptions(command, AZ_OPTIONS)
    .example("Get a token", "entra-auth-cli az account get-access-token --resource https://vault.azure.net")
    .action((flags: AzFlags, ...words: string[]) => runAz(words, flags, context));
}

export function azdCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Answer in place of the Azure Developer CLI: auth token, version.\n" +
        "SDKs call it through the program that install-shims writes.",
    )
    .arguments("<operation...:string:operation>")
    .complete("operation", () => ["auth", "token", "version"]);
  return addOptions(command, AZD_OPTIONS)
    .example("Get a token", "entra-auth-cli azd auth token --scope https://vault.azure.net/.default -o json")
    .action((flags: AzdFlags, ...words: string[]) => runAzd(words, flags, context));
}

/** Answers a caller of `az`. @throws {CliError} `usage`, and what {@linkcode acquireToken} throws. */
async function runAz(
  words: readonly string[],
  flags: AzFlags,
  context: CommandContext,
): Promise<void> {
  const format = parseFormat(flags.output ?? "json", AZ_FORMATS);
  const operation = words.join(" ");
  const document = async () => {
    switch (operation) {
      case "account get-access-token":
        return await azToken(flags, context);
      case "account show":
        return await azAccount(flags, context);
      case "version":
        return AZ_VERSIONS;
      default:
        throw unknownOperation("az", operation, ["account get-access-token", "account show", "version"]);
    }
  };
  const text = formatAz(select(await document(), flags.query), format);
  if (flags.subscription !== undefined && !(flags.onlyShowErrors ?? false)) {
    context.terminal.writeMessage(
      `Note: ${AZ_OPTIONS.subscription.flag} has no effect: tokens are of the profile's tenant.`,
    );
  }
  await context.terminal.writeData(text);
}

const AZ_VERSIONS = {
  "azure-cli": AZ_VERSION,
  "azure-cli-core": AZ_VERSION,
  "azure-cli-telemetry": "1.1.0",
  "extensions": {},
};

async function azToken(flags: AzFlags, context: CommandContext): Promise<Record<string, unknown>> {
  const { scope, resource, tenant, profile } = flags;
  if (scope !== undefined && resource !== undefined) {
    throw new CliError(
      "usage",
      `${AZ_OPTIONS.scope.flag} and ${AZ_OPTIONS.resource.flag} cannot be used together`,
      { hint: "Remove one of them." },
    );
  }
  // As az does: `https://host/` becomes `https://host//.default`, whose tokens have the audience `https://host/`.
  const scopes = scope ?? (resource === undefined ? undefined : [`${resource}/.default`]);
  const { result, settings } = await acquireSilently({ profile, tenantId: tenant, scope: scopes }, context);
  return azTokenDocument(result.token, settings.tenant);
}

/** Describes the account as az does for a user without a subscription: the tenant takes its place. */
async function azAccount(flags: AzFlags, context: CommandContext): Promise<Record<string, unknown>> {
  const name = await profileName(flags.profile, context);
  const { authority, tenant, clientId, flow } = await readSettings({ tenantId: flags.tenant }, name, context);
  const isApplication = isApplicationFlow(flow);
  const { signIns } = await storeStatus(context);
  const signIn = signIns.find(({ session }) =>
    session.profile === name && session.authority === authority && session.tenant === tenant &&
    session.clientId === clientId && session.account !== null
  );
  const account: Account | null = isApplication ? null : signIn?.session.account ?? null;
  if (!isApplication && account === null) throw notSignedIn(name, {}, null);
  const tenantId = account?.tenantId ?? tenant;
  return {
    environmentName: cloudOf(authority).azureName,
    homeTenantId: tenantId,
    id: tenantId,
    isDefault: true,
    managedByTenants: [],
    name: "N/A(tenant level account)",
    state: "Enabled",
    tenantId,
    user: isApplication
      ? { name: clientId, type: "servicePrincipal" }
      : { name: account?.username ?? "", type: "user" },
  };
}

/** Answers a caller of `azd`. @throws {CliError} `usage`, and what {@linkcode acquireToken} throws. */
async function runAzd(
  words: readonly string[],
  flags: AzdFlags,
  context: CommandContext,
): Promise<void> {
  const format = parseFormat(flags.output ?? "none", ["json", "none"]);
  const operation = words.join(" ");
  const answer = async () => {
    switch (operation) {
      case "auth token":
        return azdToken(await acquireSilently(flags, context), format);
      case "version":
        return format === "json"
          ? formatJson({ azd: { version: AZD_VERSION, commit: "0".repeat(40) } })
          : `azd version ${AZD_VERSION} (commit ${"0".repeat(40)})\n`;
      default:
        throw unknownOperation("azd", operation, ["auth token", "version"]);
    }
  };
  await context.terminal.writeData(await answer());
}

function azdToken({ result: { token } }: AcquiredToken, format: string): string {
  const text = token.accessToken.reveal();
  return format === "json" ? formatJson({ token: text, expiresOn: utcTime(token.expiresAt) }) : `${text}\n`;
}

/**
 * Gets a token without prompting: the callers wait for a few seconds, and try the next credential if there is no token.
 * Without scopes it is one for Azure Resource Manager.
 */
async function acquireSilently(
  { profile, tenantId, scope, claims }: Pick<TokenFlags, "profile" | "tenantId" | "scope" | "claims">,
  context: CommandContext,
): Promise<AcquiredToken> {
  const name = await profileName(profile, context);
  const scopes = scope ?? [await defaultScope(name, tenantId, context)];
  const flags = { profile, tenantId, scope: scopes, claims, interactive: false };
  try {
    return await acquireToken(flags, context, () => {});
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "person_needed") throw error;
    throw notSignedIn(name, flags, error);
  }
}

async function defaultScope(
  name: string,
  tenantId: string | undefined,
  context: CommandContext,
): Promise<string> {
  const { authority } = await readSettings({ tenantId }, name, context);
  return `${cloudOf(authority).resourceManager}/.default`;
}

/**
 * Returns the error for a missing sign-in. It does not say `az login` or `azd auth login`: an SDK that finds these words
 * shows its own message, which sends the user to a program that may not exist.
 */
function notSignedIn(profile: string, flags: TokenFlags, cause: CliError | null): CliError {
  const command = signInCommand({ profile, flags: signInFlags(flags), claims: cause?.claims });
  return new CliError("person_needed", `Profile '${profile}' needs a sign-in for this token`, {
    hint: cause?.hint ?? command,
    aadsts: cause?.aadsts,
    correlationId: cause?.correlationId,
    description: cause?.description,
    claims: cause?.claims,
    cause,
  });
}

function unknownOperation(program: string, operation: string, known: readonly string[]): CliError {
  return new CliError(
    "usage",
    `Unknown operation "${operation}" of ${program}: expected ${known.join(", ")}`,
    { hint: `Call ${program} itself by its path for everything else.` },
  );
}

const AZ_FORMATS = ["json", "jsonc", "tsv", "none"];

function parseFormat(text: string, formats: readonly string[]): string {
  if (formats.includes(text)) return text;
  throw new CliError(
    "usage",
    `Invalid output format ${JSON.stringify(text)}: expected ${formats.join(", ")}`,
    { hint: `Example: --output ${formats[0]}` },
  );
}

/** Returns the member that `--query` names: `accessToken`, `user.name` or `"azure-cli"`. */
function select(document: Record<string, unknown>, query: string | undefined): unknown {
  if (query === undefined) return document;
  const path = [...query.matchAll(/(?:^|\.)(?:"([^"]+)"|(\w+))/g)];
  const isPath = path.reduce((length, [text]) => length + text.length, 0) === query.length;
  if (isPath && query !== "") {
    const names = path.map(([, quoted, bare]) => quoted ?? bare ?? "");
    return names.reduce<unknown>(
      (value, name) => isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : null,
      document,
    );
  }
  throw new CliError(
    "usage",
    `Invalid ${AZ_OPTIONS.query.flag} ${JSON.stringify(query)}: expected the name of a member`,
    { hint: `Example: ${AZ_OPTIONS.query.flag} accessToken` },
  );
}

function formatAz(value: unknown, format: string): string {
  if (format === "none") return "";
  if (format !== "tsv") return formatJson(value);
  const cells = isJsonObject(value) ? Object.values(value) : [value];
  const shown = cells.map((cell) => cell === null ? "" : typeof cell === "object" ? "" : String(cell));
  return `${shown.join("\t")}\n`;
}
