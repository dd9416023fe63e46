import { shellWord } from "../../../text/shell_word.ts";

/** What the sentences about an error may name: the application, tenant and profile of this very sign-in. */
export interface ErrorContext {
  /** Application (client) id. */
  readonly clientId: string;
  /** Tenant as configured. */
  readonly tenant: string;
  /** Name of the profile. */
  readonly profile: string;
}

/** What an error number of Entra's means, and what a person can do about it. */
export interface Remedy {
  /** What happened: one line, no full stop. */
  readonly message: string;
  /** What to do next: sentences, and commands on lines of their own. */
  readonly hint: (context: ErrorContext) => string;
  /** Whether signing in again would end the same way, so that a refused refresh must not open the browser. */
  readonly isFinal?: true;
}

/** Remedies by error number: digits alone stand for `AADSTS` and the digits. */
export type RemedyTable = Readonly<Record<string, Remedy>>;

/** Tenants that are no tenant, and so nothing to sign in to with `az`. */
const MANY_TENANTS = ["common", "organizations", "consumers"];

/** A page of the application's registration. */
export function appPage({ clientId }: ErrorContext, page: string): string {
  return `Entra admin center > App registrations > ${clientId} > ${page}`;
}

/** A page of what a tenant keeps about the application. */
export function enterprisePage({ clientId }: ErrorContext, page: string): string {
  return `Entra admin center > Enterprise applications > ${clientId} > ${page}`;
}

/** Where an administrator finds the sign-in that failed. */
export const SIGN_IN_LOGS = "Entra admin center > Monitoring & health > Sign-in logs";

/** A command of the Azure CLI, after the one that turns it to the right tenant. */
export function az({ tenant: configured }: ErrorContext, command: string): string {
  // At B2C the policy follows.
  const [tenant = ""] = configured.split("/");
  const login = MANY_TENANTS.includes(tenant)
    ? ""
    : `az login --tenant ${shellWord(tenant)} --allow-no-subscriptions\n`;
  return `${login}az ${command}`;
}

/** The command that signs in anew, whatever is cached. */
export function signInAnew({ profile }: ErrorContext): string {
  return `entra-auth-cli get-token --profile ${shellWord(profile)} --force`;
}
