import { CLOUDS } from "../../identity/cloud.ts";
import { parseScopes } from "../../identity/scopes.ts";
import { type Flow, FLOWS, type Profile } from "../../profiles/profile.ts";
import { DEFAULT_AUTHORITY } from "../../profiles/settings.ts";
import {
  checkClientId,
  checkCloud,
  checkFlow,
  checkProfileName,
  checkTenant,
} from "../../profiles/validate_fields.ts";
import { type Choice, prompt, type PromptContext } from "./prompt.ts";

/** The values of a profile that are prompted for. */
export type PromptedValues = Pick<
  Profile,
  "name" | "tenantId" | "clientId" | "flow" | "scopes" | "authority"
>;

export interface ProfilePromptOptions {
  /** Values that are not prompted for. */
  readonly given: Partial<PromptedValues>;
  /** The values of empty lines. */
  readonly byDefault: Partial<Omit<PromptedValues, "scopes">>;
  /** Returns the scopes of an empty line. */
  readonly defaultScopes: (
    profile: Pick<Profile, "tenantId" | "clientId" | "flow" | "authority">,
  ) => readonly string[];
  /** Refuses scopes that conflict with the flow or with each other. @throws {CliError} `usage` */
  readonly checkScopes: (profile: Pick<Profile, "name" | "flow" | "scopes" | "authority">) => void;
  /** Refuses the name of another profile. @throws {CliError} `usage` */
  readonly checkName: (name: string) => Promise<void>;
}

const FLOW_DESCRIPTIONS: Readonly<Record<Flow, string>> = {
  "interactive": "sign in with the browser on this machine",
  "device-code": "sign in with the browser of another device",
  "authorization-code": "sign in with the browser; the application has a secret or certificate",
  "client-credentials": "no user: the application has a secret or certificate",
  "managed-identity": "no user: an identity that Azure gives to this machine",
};

const FLOW_CHOICES: readonly Choice[] = FLOWS.map((value) => ({
  value,
  description: FLOW_DESCRIPTIONS[value],
}));

const CLOUD_CHOICES: readonly Choice[] = CLOUDS.map(({ name, authority }) => ({
  value: name,
  description: new URL(authority).host,
}));

/**
 * Prompts for the values of a profile that are not given. An invalid value, and the name of another profile, is explained
 * and prompted for again.
 *
 * @throws {CliError} `interrupted`; what `checkName` throws for a given name.
 */
export async function promptForProfile(
  context: PromptContext,
  options: ProfilePromptOptions,
): Promise<PromptedValues> {
  const { given, byDefault, checkName } = options;
  if (given.name !== undefined) await checkName(given.name);
  const readName = async (text: string) => {
    const typed = checkProfileName(text);
    await checkName(typed);
    return typed;
  };
  const name = given.name ?? await prompt(context, "Profile Name", readName, { byDefault: byDefault.name });
  const tenantId = given.tenantId ??
    await prompt(context, "Tenant ID", checkTenant, { byDefault: byDefault.tenantId });
  const authority = given.authority ??
    (given.tenantId === undefined
      ? await promptForCloud(context, tenantId, byDefault.authority)
      : byDefault.authority);
  const clientId = given.clientId ??
    await prompt(context, "Client ID", checkClientId, { byDefault: byDefault.clientId });
  const flow = given.flow ??
    await prompt(context, "Flow", checkFlow, { byDefault: byDefault.flow, choices: FLOW_CHOICES });
  const readScopes = (text: string) => {
    const typed = parseScopes([text]);
    options.checkScopes({ name, flow, scopes: typed, authority });
    return typed;
  };
  const scopes = given.scopes ??
    await prompt(context, "Scopes", readScopes, {
      byDefault: options.defaultScopes({ tenantId, clientId, flow, authority }).join(" "),
    });
  options.checkScopes({ name, flow, scopes, authority });
  return { name, tenantId, clientId, flow, scopes, ...authority === undefined ? {} : { authority } };
}

/** Top-level domains of tenants in national clouds, and of others. */
const NATIONAL_DOMAIN = /\.(?:us|mil|cn)$/;

/**
 * Returns the authority of the cloud that the user chooses, undefined for the public one. Prompts only if the tenant's
 * domain or the present authority suggests a national cloud. An authority that is not a cloud's is returned as it is.
 */
async function promptForCloud(
  context: PromptContext,
  tenant: string,
  authority: string | undefined,
): Promise<string | undefined> {
  const present = authority === undefined ? undefined : CLOUDS.find((cloud) => cloud.authority === authority);
  if (present === undefined && (authority !== undefined || !NATIONAL_DOMAIN.test(tenant))) return authority;
  const suggested = present ?? CLOUDS.find(({ domain }) => tenant.endsWith(domain)) ?? CLOUDS[0];
  const { base } = await prompt(context, "Cloud", checkCloud, {
    byDefault: suggested?.name,
    choices: CLOUD_CHOICES,
  });
  return base === DEFAULT_AUTHORITY && base !== authority ? undefined : base;
}
