import { checkClientId, checkFlow, checkProfileName, checkTenant } from "../../profiles/validate_fields.ts";
import { type Flow, FLOWS, type Profile } from "../../profiles/profile.ts";
import { parseScopes } from "../../identity/scopes.ts";
import { ask, type Asker } from "./prompt.ts";

/** What a profile can't do without. */
export type MainValues = Pick<Profile, "name" | "tenantId" | "clientId" | "flow" | "scopes">;

/** How the questions are put. */
export interface QuestionPlan {
  /** What is known already and not asked. */
  readonly given: Partial<MainValues>;
  /** What Enter alone means. */
  readonly byDefault: Partial<Omit<MainValues, "scopes">>;
  /** What Enter alone means for the scopes of this application in this flow. */
  readonly defaultScopes: (clientId: string, flow: Flow) => readonly string[];
  /** Refuses scopes that don't go with the flow, or with each other. @throws {CliError} `usage` */
  readonly checkScopes: (profile: Pick<Profile, "name" | "flow" | "scopes">) => void;
  /** Refuses a name that another profile has. */
  readonly checkName: (name: string) => Promise<void>;
}

/**
 * Asks for the values of a profile that are not known, in the order in which people know them. A wrong answer is
 * explained and asked for again; only whether the name is taken shows once it is given.
 *
 * @throws {CliError} `interrupted`, or what `checkName` throws.
 */
export async function askForProfile(asker: Asker, plan: QuestionPlan): Promise<MainValues> {
  const { given, byDefault } = plan;
  const name = given.name ??
    await ask(asker, "Profile Name", checkProfileName, { byDefault: byDefault.name });
  await plan.checkName(name);
  const tenantId = given.tenantId ??
    await ask(asker, "Tenant ID", checkTenant, { byDefault: byDefault.tenantId });
  const clientId = given.clientId ??
    await ask(asker, "Client ID", checkClientId, { byDefault: byDefault.clientId });
  const flow = given.flow ??
    await ask(asker, "Flow", checkFlow, { byDefault: byDefault.flow, suggestions: FLOWS });
  const readScopes = (text: string) => {
    const typed = parseScopes([text]);
    plan.checkScopes({ name, flow, scopes: typed });
    return typed;
  };
  const scopes = given.scopes ??
    await ask(asker, "Scopes", readScopes, { byDefault: plan.defaultScopes(clientId, flow).join(" ") });
  plan.checkScopes({ name, flow, scopes });
  return { name, tenantId, clientId, flow, scopes };
}
