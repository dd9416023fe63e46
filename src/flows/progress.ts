import type { DeviceCode } from "../entra/token_client.ts";
import type { CliError } from "../errors.ts";

/** What a flow tells the person who waits. How it is said is the commands' business. */
export type ProgressEvent =
  | { readonly kind: "using-cached-token" }
  /** Another process refreshes the profile already. */
  | { readonly kind: "waiting-for-refresh"; readonly profile: string }
  | { readonly kind: "refreshing"; readonly expired: boolean }
  | { readonly kind: "refreshed" }
  | { readonly kind: "refresh-failed"; readonly error: CliError }
  /** A refresh was refused, for a reason that the user can do something about in a sign-in. */
  | { readonly kind: "sign-in-needed"; readonly error: CliError }
  | { readonly kind: "opening-browser" }
  | { readonly kind: "browser-opened" }
  | {
    readonly kind: "browser-failed";
    readonly reason: string;
    readonly hint: string | null;
    readonly url: string;
  }
  | { readonly kind: "url-to-open"; readonly url: string }
  | { readonly kind: "device-code"; readonly code: DeviceCode; readonly scopes: readonly string[] }
  | { readonly kind: "waiting-for-sign-in" }
  /** Another process asks the user already; null where its id can't be found out. */
  | { readonly kind: "waiting-for-process"; readonly pid: number | null; readonly profile: string }
  | { readonly kind: "signed-in" }
  | { readonly kind: "scopes-missing"; readonly scopes: readonly string[] }
  | { readonly kind: "not-saved"; readonly error: CliError };

/** Receives progress, in order. */
export type Progress = (event: ProgressEvent) => void;
