import type { DeviceCode } from "../entra/token_client.ts";
import type { CliError } from "../errors.ts";

/** What a flow tells the person who waits. How it is said is the commands' business. */
export type ProgressEvent =
  | { readonly kind: "using-cached-token" }
  /** Another process refreshes the profile already. */
  | { readonly kind: "waiting-for-refresh"; readonly profile: string }
  /** The authority asked for a pause. */
  | { readonly kind: "waiting-for-authority"; readonly host: string; readonly seconds: number }
  | { readonly kind: "refreshing"; readonly expired: boolean }
  | { readonly kind: "refreshed" }
  | { readonly kind: "refresh-failed"; readonly error: CliError }
  /** A refresh was refused, for a reason that the user can do something about in a sign-in. */
  | { readonly kind: "sign-in-needed"; readonly error: CliError }
  /** What the application proves itself with, and where that is from. */
  | { readonly kind: "using-credential"; readonly from: string }
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
  /** There is no browser to open: a device code stands in for it. */
  | { readonly kind: "no-display" }
  /** The device code leads nowhere; other ways are still open. */
  | { readonly kind: "device-code-closed"; readonly error: CliError }
  /** Ways to sign in besides the device code: the URL in a browser elsewhere, by a forwarded port or by pasting. */
  | {
    readonly kind: "other-ways";
    readonly url: string;
    readonly forwardCommand: string;
    readonly canPaste: boolean;
  }
  /** `untilMs` is when the wait ends, in milliseconds since 1970, where the person has reason to know. */
  | { readonly kind: "waiting-for-sign-in"; readonly untilMs?: number }
  /** Another process asks the user already; null where its id can't be found out. */
  | { readonly kind: "waiting-for-process"; readonly pid: number | null; readonly profile: string }
  /** `.default` is to be asked for in the browser. */
  | { readonly kind: "default-scope-in-browser" }
  | { readonly kind: "signed-in" }
  | { readonly kind: "scopes-missing"; readonly scopes: readonly string[] }
  | { readonly kind: "not-saved"; readonly error: CliError };

/** Receives progress, in order. */
export type Progress = (event: ProgressEvent) => void;
