import { checkClientId, checkFlow, checkProfileName, checkTenant } from "../../profiles/validate_fields.ts";
import { FLOWS, type Profile } from "../../profiles/profile.ts";
import { parseScopes } from "../../identity/scopes.ts";
import { prompt, type PromptContext } from "./prompt.ts";

/** The required values of a profile. */
export type RequiredValues = Pick<Profile, "name" | "tenantId" | "clientId" | "flow" | "scopes">;

export interface ProfilePromptOptions {
  /** Values that are not prompted for. */
  readonly given: Partial<RequiredValues>;
  /** The values of empty lines. */
  readonly byDefault: Partial<Omit<RequiredValues, "scopes">>;
  /** Returns the scopes of an empty line. */
  readonly defaultScopes: (profile: Pick<Profile, "tenantId" | "clientId" | "flow">) => readonly string[];
  /** Refuses scopes that conflict with the flow or with each other. @throws {CliError} `usage` */
  readonly checkScopes: (profile: Pick<Profile, "name" | "flow" | "scopes">) => void;
  /** Refuses the name of another profile. */
  readonly checkName: (name: string) => Promise<void>;
}

/**
 * Prompts for the required values of a profile that are not given. An invalid value is explained and prompted for again,
 * except for the name of another profile, which ends the prompts.
 *
 * @throws {CliError} `interrupted`, or what `checkName` throws.
 */
export async function promptForProfile(
  context: PromptContext,
  options: ProfilePromptOptions,
): Promise<RequiredValues> {
  const { given, byDefault } = options;
  const name = given.name ??
    await prompt(context, "Profile Name", checkProfileName, { byDefault: byDefault.name });
  await options.checkName(name);
  const tenantId = given.tenantId ??
    await prompt(context, "Tenant ID", checkTenant, { byDefault: byDefault.tenantId });
  const clientId = given.clientId ??
    await prompt(context, "Client ID", checkClientId, { byDefault: byDefault.clientId });
  const flow = given.flow ??
    await prompt(context, "Flow", checkFlow, { byDefault: byDefault.flow, suggestions: FLOWS });
  const readScopes = (text: string) => {
    const typed = parseScopes([text]);
    options.checkScopes({ name, flow, scopes: typed });
    return typed;
  };
  const scopes = given.scopes ??
    await prompt(context, "Scopes", readScopes, {
      byDefault: options.defaultScopes({ tenantId, clientId, flow }).join(" "),
    });
  options.checkScopes({ name, flow, scopes });
  return { name, tenantId, clientId, flow, scopes };
}
