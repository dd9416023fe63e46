import { ACCOUNT_REMEDIES } from "./account.ts";
import { B2C_REMEDIES } from "./b2c.ts";
import { CREDENTIAL_REMEDIES } from "./credential.ts";
import { GRANT_REMEDIES } from "./grant.ts";
import { POLICY_REMEDIES } from "./policy.ts";
import { REGISTRATION_REMEDIES } from "./registration.ts";
import type { Remedy, RemedyTable } from "./remedy.ts";

/** The whole table. Meanings after https://learn.microsoft.com/entra/identity-platform/reference-error-codes. */
const REMEDIES: RemedyTable = {
  ...REGISTRATION_REMEDIES,
  ...ACCOUNT_REMEDIES,
  ...POLICY_REMEDIES,
  ...GRANT_REMEDIES,
  ...CREDENTIAL_REMEDIES,
  ...B2C_REMEDIES,
};

/** What is known about an error number, as `AADSTS50011` or `AADB2C90118`; null for a number that is not in the table. */
export function findRemedy(aadsts: string): Remedy | null {
  const number = aadsts.toUpperCase().replace(/^AADSTS/, "");
  return Object.hasOwn(REMEDIES, number) ? REMEDIES[number] ?? null : null;
}

/** The numbers that {@linkcode findRemedy} knows, as `AADSTS50011` and `AADB2C90118`, in the order of their digits. */
export function knownNumbers(): string[] {
  return Object.keys(REMEDIES).sort().map((number) => /^\d/.test(number) ? `AADSTS${number}` : number);
}
