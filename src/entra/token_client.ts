import type { CliError } from "../errors.ts";
import type { Secret } from "../text/secret.ts";
import type { Account, Token } from "../identity/token.ts";

/** What the user may ask of a sign-in besides its scopes. */
export interface SignInOptions {
  /** Scopes to ask for. */
  readonly scopes: readonly string[];
  /** OpenID Connect `prompt`: `login`, `select_account`, `consent`, `none`. */
  readonly prompt?: string | undefined;
  /** User name to fill in. */
  readonly loginHint?: string | undefined;
  /** Domain of the account, which lets Entra skip the question for it (Microsoft's `domain_hint`). */
  readonly domainHint?: string | undefined;
  /** Claims the authority demanded, as JSON text. */
  readonly claims?: string | undefined;
  /** Throws for an account whose tokens won't do: asked before the browser is told of a success. */
  readonly accept?: ((account: Account | null) => void) | undefined;
}

/** What to ask of a refresh. */
export interface RefreshOptions extends Pick<SignInOptions, "scopes" | "claims"> {
  /** Whether there is something to fall back on, so that a refresh which meets trouble is given up at once. Not by default. */
  readonly failFast?: boolean | undefined;
}

/** Tokens as the authority issued them, judged. */
export interface IssuedTokens {
  /** The access token. */
  readonly token: Token;
  /** What a later refresh needs; opaque to all but the token client. */
  readonly cache: Secret;
}

/** One run of the authorization code grant. Its state, nonce and verifier are used once. */
export interface AuthorizationTransaction {
  /** The `state` that the response must carry. */
  readonly state: Secret;
  /** Whether the response may name this issuer, null when it names none (RFC 9207). Asked after the URL was made. */
  acceptsIssuer(issuer: string | null): boolean;
  /**
   * The URL that the browser opens. The answer comes as a form that is posted, which keeps it out of the address bar and
   * the history, or in the query, where an address has to hold it.
   * @throws {CliError} `network` or `invalid_response` when the authority's endpoints can't be discovered.
   */
  authorizationUrl(redirectUri: string, responseMode?: "form_post" | "query"): Promise<string>;
  /**
   * Redeems the authorization code.
   * @throws {CliError} `sign_in_failed`, `invalid_response`, `wrong_account` or `network`.
   */
  redeem(code: Secret): Promise<IssuedTokens>;
  /** The error for a response that refuses (RFC 6749 section 4.1.2.1). */
  refusal(error: string, description: string | null): CliError;
}

/** A code to be entered on another device (RFC 8628), and what it is for. */
export interface DeviceCode {
  /** What the person types. */
  readonly userCode: string;
  /** Where the person types it. */
  readonly verificationUri: string;
  /** The same address with the code in it, where the authority gives one. */
  readonly verificationUriComplete: string | null;
  /** How long the code is good from now, in seconds. */
  readonly expiresInSeconds: number;
  /** The application that asks. */
  readonly clientId: string;
  /** The tenant that is asked, as configured. */
  readonly tenant: string;
}

/** Talks to the authority for one application. */
export interface TokenClient {
  /** Starts an authorization code grant with PKCE. */
  beginSignIn(options: SignInOptions): Promise<AuthorizationTransaction>;
  /**
   * Signs in on another device. `onCode` is told the code to be entered there; `signal` ends the wait with its reason.
   * @throws {CliError} `timeout` when the code expired, `access_denied` when the person declined; `sign_in_failed`,
   *   `invalid_response`, `wrong_account` or `network`.
   */
  signInWithDeviceCode(
    options: SignInOptions,
    onCode: (code: DeviceCode) => void,
    signal: AbortSignal,
  ): Promise<IssuedTokens>;
  /**
   * Gets new tokens for `account` without the user.
   * @throws {CliError} `interaction_required` when the user has to sign in again; `network`, `invalid_response`,
   *   `wrong_account`.
   */
  refresh(cache: Secret, account: Account, options: RefreshOptions): Promise<IssuedTokens>;
}
