/** The application, tenant and profile that a hint names. */
export interface ErrorContext {
  readonly clientId: string;
  /** The tenant as configured. */
  readonly tenant: string;
  readonly profile: string;
  /** The API of the scopes, such as `https://graph.microsoft.com`, if it is known. */
  readonly resource?: string | undefined;
  /** The user name of the account, if it is known. */
  readonly user?: string | undefined;
  /** The assertion that authenticated the application, if there was one. */
  readonly assertion?: AssertionNames | undefined;
}

/** The claims by which Entra finds a federated credential. */
export interface AssertionNames {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** The kind of fix: wait and retry, sign in again, or a change by an administrator, to the application or to the command. */
export type ErrorClass = "retry" | "sign_in" | "administrator" | "application" | "usage";

/** The meaning of one of Entra's error codes, and what the user can do about it. */
export interface Remedy {
  readonly class: ErrorClass;
  /** One line without a full stop. */
  readonly message: string;
  /** The message if a sign-in was refused, for a `message` about a saved sign-in. */
  readonly messageAtSignIn?: string;
  /** Why it happens, in full sentences. */
  readonly cause?: string;
  /**
   * The lines of the hint, commands first. `{clientId}`, `{tenant}` and `{profile}` stand for the values in use, as do
   * `{resource}` and `{user}` if they are known. A line with another name, such as `{issuer}`, is omitted without a value.
   */
  readonly hint: readonly string[];
  /** Whether signing in again would fail in the same way, so that a refused refresh must not open the browser. */
  readonly isFinal?: true;
}

/** The command that signs in again, whatever is cached. */
export const SIGN_IN = "entra-auth-cli get-token --profile {profile} --force";

/** Where an administrator finds a failed sign-in. */
export const SIGN_IN_LOGS = "Entra admin center > Monitoring & health > Sign-in logs";

/** The command that signs the Azure CLI in to the tenant. */
export const AZ_LOGIN = "az login --tenant {tenant} --allow-no-subscriptions";

/** Returns a command of the Azure CLI, after the one that signs in to the tenant. */
export function az(command: string): string[] {
  return [AZ_LOGIN, `az ${command}`];
}

/** Returns the path to a page of the application's registration. */
export function appPage(page: string): string {
  return `Entra admin center > App registrations > {clientId} > ${page}`;
}

/** Returns the path to a page of the application's service principal in the tenant. */
export function enterprisePage(page: string): string {
  return `Entra admin center > Enterprise applications > {clientId} > ${page}`;
}
