import { shellWord } from "../../../text/shell_word.ts";
import { ADFS } from "../../../identity/cloud.ts";
import { CONSUMERS_TENANT } from "../../authority.ts";
import { APPLICATION_REMEDIES } from "./application_remedies.ts";
import { findOtherNumber, OTHER_NUMBERS } from "./other_numbers.ts";
import { CODES } from "./codes.ts";
import { AZ_LOGIN, type ErrorContext, type Remedy } from "./remedy.ts";
import { SUBERRORS, USER_REMEDIES } from "./user_remedies.ts";

/**
 * Remedies by error code; digits alone stand for `AADSTS` and the digits. Meanings after
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
 */
const REMEDIES: Readonly<Record<string, Remedy>> = { ...APPLICATION_REMEDIES, ...USER_REMEDIES };

/** Values of a tenant that `az` cannot sign in to. */
const MANY_TENANTS = ["common", "organizations", "consumers"];

/** Returns the remedy for an error code such as `AADSTS50011` or `AADB2C90118`, or null if it has none of its own. */
export function findRemedy(aadsts: string): Remedy | null {
  const number = tableKey(aadsts);
  return Object.hasOwn(REMEDIES, number) ? REMEDIES[number] ?? null : null;
}

/**
 * Returns the meaning of an error code: its remedy, otherwise a sentence and the hint of its class; null if the code is
 * unknown. For a code without a remedy, the authority's own description says more than the sentence.
 */
export function findMeaning(aadsts: string): Remedy | null {
  return findRemedy(aadsts) ?? findOtherNumber(tableKey(aadsts));
}

function tableKey(aadsts: string): string {
  return aadsts.toUpperCase().replace(/^AADSTS/, "");
}

/** Returns the remedy for a `suberror`, or null if it is unknown or missing. */
export function findSuberror(suberror: string | undefined): Remedy | null {
  if (suberror === undefined || !Object.hasOwn(SUBERRORS, suberror)) return null;
  return SUBERRORS[suberror] ?? null;
}

/** Returns the remedy for an error code of OAuth or OpenID Connect that comes without a number, or null. */
export function findCode(code: string): Remedy | null {
  return Object.hasOwn(CODES, code) ? CODES[code] ?? null : null;
}

/** Returns every error code that {@linkcode findMeaning} knows, such as `AADSTS50011`, sorted. */
export function knownNumbers(): string[] {
  return [REMEDIES, ...Object.values(OTHER_NUMBERS)].flatMap(Object.keys).sort().map((number) =>
    /^\d/.test(number) ? `AADSTS${number}` : number
  );
}

/** The tenant of personal accounts has no administrator. */
export function isPersonalTenant(tenant: string): boolean {
  return ["consumers", CONSUMERS_TENANT].includes(tenant.toLowerCase());
}

/** A resource that can stand in a command, between quotes or not. */
const PLAIN_RESOURCE = /^[\w.:/-]+$/;

/** Returns the hint of `remedy` for the application, tenant and profile in use. */
export function formatHint({ hint }: Pick<Remedy, "hint">, context: ErrorContext): string {
  const { clientId, profile, resource = "", user = "", assertion } = context;
  // For B2C the policy follows the tenant.
  const [tenant = ""] = context.tenant.split("/");
  const values: Readonly<Record<string, string | undefined>> = {
    clientId,
    tenant: shellWord(tenant),
    profile: shellWord(profile),
    resource: PLAIN_RESOURCE.test(resource) ? resource : "RESOURCE",
    user: user === "" ? "USER" : shellWord(user),
    ...assertion,
  };
  const lines = hint.filter((line) => line !== AZ_LOGIN || !MANY_TENANTS.includes(tenant))
    .filter((line) => [...line.matchAll(/\{(\w+)\}/g)].every(([, name = ""]) => values[name] !== undefined))
    .map((line) => line.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder));
  const useless = uselessLines(tenant);
  const others = lines.filter((line) => !useless?.test(line));
  return (others.length > 0 ? others : lines).join("\n");
}

/** Returns what marks the lines of hints that do not help in a tenant, or null if all may help. */
function uselessLines(tenant: string): RegExp | null {
  if (isPersonalTenant(tenant)) return /\badministrator\b/i;
  return tenant === ADFS ? /\bEntra admin center\b|^az / : null;
}
