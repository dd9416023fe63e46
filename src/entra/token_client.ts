import type { CliError } from "../errors.ts";
import type { Account, Token } from "../identity/token.ts";
import type { Secret } from "../text/secret.ts";

/** Parameters of a sign-in. */
export interface SignInOptions {
  readonly scopes: readonly string[];
  /** OpenID Connect `prompt`: `login`, `select_account`, `consent` or `none`. */
  readonly prompt?: string | undefined;
  /** The user name to fill in. */
  readonly loginHint?: string | undefined;
  /** The domain of the account, which lets Entra skip account discovery (Microsoft's `domain_hint`). */
  readonly domainHint?: string | undefined;
  /** A claims request that the authority demanded, as JSON text. */
  readonly claims?: string | undefined;
  /** Throws if tokens of the account are not acceptable. Called before the browser shows success. */
  readonly accept?: ((account: Account | null) => void) | undefined;
}

/** Parameters of a refresh. */
export interface RefreshOptions extends Pick<SignInOptions, "scopes" | "claims"> {
  /** Gives up at the first failure, because the caller has a token to fall back on. Default: false. */
  readonly failFast?: boolean | undefined;
  /**
   * Receives what the next refresh needs as soon as it changes, even if the refresh fails later: the authority has issued
   * a new refresh token, or, with an empty text, has declared the present one invalid for good.
   */
  readonly onCacheChange?: ((cache: Secret) => void) | undefined;
}

/** Validated tokens. */
export interface IssuedTokens {
  readonly token: Token;
  /** The data that a later refresh needs. Only the token client reads it. */
  readonly cache: Secret;
}

/** One run of the authorization code grant. State, nonce and verifier are used once. */
export interface AuthorizationTransaction {
  /** The `state` that the response must carry. */
  readonly state: Secret;
  /** Reports whether the response may name this issuer, or none (RFC 9207). Valid after `authorizationUrl()`. */
  acceptsIssuer(issuer: string | null): boolean;
  /**
   * Returns the URL to open in the browser. By default the response arrives as a form that the browser posts, which
   * keeps it out of the address bar and the history.
   *
   * @throws {CliError} `network` or `invalid_response` if the authority's endpoints cannot be discovered.
   */
  authorizationUrl(redirectUri: string, responseMode?: "form_post" | "query"): Promise<string>;
  /**
   * Redeems the authorization code.
   *
   * @throws {CliError} `sign_in_failed`, `invalid_response`, `wrong_account` or `network`.
   */
  redeem(code: Secret): Promise<IssuedTokens>;
  /** Returns the error for an error response (RFC 6749 section 4.1.2.1). */
  refusal(response: RefusedAuthorization): Promise<CliError>;
}

/** What an authority says instead of a code. */
export interface RefusedAuthorization {
  /** The error code, such as `access_denied`. */
  readonly error: string;
  readonly description: string | null;
  readonly subcode?: string | undefined;
  /** A page on the error. */
  readonly uri?: string | undefined;
}

/** A device code to show to the user (RFC 8628). */
export interface DeviceCode {
  readonly userCode: string;
  /** The page on which the user enters the code. */
  readonly verificationUri: string;
  /** The same page with the code filled in, if the authority provides it. */
  readonly verificationUriComplete: string | null;
  readonly expiresInSeconds: number;
  readonly clientId: string;
  /** The tenant as configured. */
  readonly tenant: string;
}

/** Talks to the authority for one application. */
export interface TokenClient {
  /** Starts an authorization code grant with PKCE. */
  beginSignIn(options: SignInOptions): Promise<AuthorizationTransaction>;
  /**
   * Signs in on another device. Calls `onCode` once with the code to enter there.
   *
   * @throws {CliError} `timeout` if the code expired, `access_denied` if the user declined; `sign_in_failed`,
   *   `invalid_response`, `wrong_account` or `network`; the reason of `signal` if it is aborted.
   */
  signInWithDeviceCode(
    options: SignInOptions,
    onCode: (code: DeviceCode) => void,
    signal: AbortSignal,
  ): Promise<IssuedTokens>;
  /**
   * Gets new tokens for `account` without the user. A response without an ID token belongs to `account` (OpenID Connect
   * Core 1.0 section 12.2). The times of an ID token are not compared with the local clock.
   *
   * @throws {CliError} `interaction_required` if the user must sign in again; `network`, `invalid_response` or
   *   `wrong_account`.
   */
  refresh(cache: Secret, account: Account, options: RefreshOptions): Promise<IssuedTokens>;
}
