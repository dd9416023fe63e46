import type { DeviceCode } from "../entra/token_client.ts";
import type { CliError } from "../errors.ts";
import type { Account } from "../identity/token.ts";

/** What a flow reports while it runs. The commands decide how to show it. */
export type ProgressEvent =
  | { readonly kind: "using-cached-token" }
  /** Another process is refreshing the profile. */
  | { readonly kind: "waiting-for-refresh"; readonly profile: string }
  /** The authority demanded a pause. */
  | { readonly kind: "waiting-for-authority"; readonly host: string; readonly seconds: number }
  | { readonly kind: "refreshing"; readonly expired: boolean }
  | { readonly kind: "refreshed" }
  | { readonly kind: "refresh-failed"; readonly error: CliError }
  /** A refresh was refused for a reason that a sign-in can remove. */
  | { readonly kind: "sign-in-needed"; readonly error: CliError }
  /** Where the application's credential is from. */
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
  /** No browser can be shown: a device code replaces it. */
  | { readonly kind: "no-display" }
  /** The device code failed; other ways to sign in are still open. */
  | { readonly kind: "device-code-closed"; readonly error: CliError }
  /** Ways to sign in besides the device code: the URL in a browser elsewhere, with a forwarded port or by pasting. */
  | {
    readonly kind: "other-ways";
    readonly url: string;
    readonly forwardCommand: string;
    readonly canPaste: boolean;
  }
  /** `untilMs` is when the wait ends, in milliseconds since 1970, if the user should know. */
  | { readonly kind: "waiting-for-sign-in"; readonly untilMs?: number | undefined }
  /** Another process is signing in; null if its id is unknown. */
  | { readonly kind: "waiting-for-process"; readonly pid: number | null; readonly profile: string }
  /** The `.default` of Microsoft Graph is requested in the browser. */
  | { readonly kind: "default-scope-in-browser" }
  | { readonly kind: "signed-in" }
  /** Who signed in, and the last account of the profile if that is another one. */
  | {
    readonly kind: "signed-in-as";
    readonly profile: string;
    readonly account: Account;
    readonly previous: Account | null;
  }
  /** The system does not tell which user connects to the callback server. */
  | { readonly kind: "connections-not-checked"; readonly hint: string }
  | { readonly kind: "scopes-missing"; readonly scopes: readonly string[] }
  | {
    readonly kind: "not-saved";
    readonly error: CliError;
    /** Whether a new refresh token is lost. The authority may no longer accept the saved one. */
    readonly losesRefreshToken?: boolean;
  };

/** Receives progress, in order. */
export type Progress = (event: ProgressEvent) => void;
