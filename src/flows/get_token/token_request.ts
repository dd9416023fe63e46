import type { AskForSecret, CredentialFlags } from "../../credentials/client_credential.ts";
import type { IssuedTokens, RefreshOptions, SignInOptions, TokenClient } from "../../entra/token_client.ts";
import type { ExpectedAccount } from "../../identity/expected_account.ts";
import type { Token } from "../../identity/token.ts";
import type { PortChoice } from "../../loopback/listen_on_loopback.ts";
import type { Flow } from "../../profiles/profile.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { SessionKey } from "../../store/session.ts";
import type { SignInLock } from "../../store/sign_in_lock.ts";
import type { TokenStore } from "../../store/token_store.ts";
import type { Clock } from "../../system/clock.ts";
import type { Progress } from "../progress.ts";
import type { InteractiveSession } from "../sign_in/interactive_session.ts";

/** The token that is wanted, and what may be done to get it. */
export interface TokenRequest {
  /** Profile, authority, tenant and application, and whether the token is the application's own. */
  readonly key: SessionKey;
  /** Whether the profile existed when the command began: flags and variables can do without one. */
  readonly hasProfile: boolean;
  /** How to sign in if neither the cache nor a refresh has a token. */
  readonly flow: Flow;
  /** Scopes that the token must cover. */
  readonly scopes: readonly string[];
  /** The only account whose token is accepted. */
  readonly expect: ExpectedAccount;
  readonly acceptCached: boolean;
  readonly acceptRefresh: boolean;
  /** Whether the user may be prompted. */
  readonly mayPrompt: boolean;
  /** Whether the store is used at all. */
  readonly useStore: boolean;
  /** OpenID Connect `prompt`. */
  readonly prompt?: string | undefined;
  /** User name to fill in, if the user passed one. */
  readonly loginHint?: string | undefined;
  /** User name to fill in otherwise: the profile's. */
  readonly suggestedUser?: string | undefined;
  /** Domain of the account: see `SignInOptions`. */
  readonly domainHint?: string | undefined;
  /** Claims that an API demanded, as JSON text. No cached token has them. */
  readonly claims?: string | undefined;
  /** Returns the flags to repeat in a command that signs in for the same token, as words. */
  readonly signInFlags?: (() => readonly string[]) | undefined;
  readonly manner: SignInManner;
  /** Loads what the user passed about the application's credential. */
  readonly loadClientAuthentication?: (() => Promise<ClientAuthentication>) | undefined;
  /** A PEM file with a root certificate to trust for the authority. */
  readonly caCertFile: string | undefined;
  /** Longest time for requests that need no user, in milliseconds, if the user passed one. */
  readonly timeoutMs?: number | undefined;
}

/** How the user signs in. */
export interface SignInManner {
  /** Ports for the redirect. */
  readonly ports: PortChoice;
  /** Show the URL and leave opening it to the user. */
  readonly showUrl: boolean;
  /** How long to wait for the user, in milliseconds. */
  readonly timeoutMs: number;
  /** Opens a session at the terminal, for a sign-in that needs more than a browser. */
  readonly openInteractiveSession?: (() => Promise<InteractiveSession>) | undefined;
}

/** What the user passed to authenticate the application. */
export interface ClientAuthentication {
  readonly flags: CredentialFlags;
  readonly ask: AskForSecret;
}

/** Where a token came from. */
export type TokenSource = "cache" | "refresh" | Flow;

export interface TokenResult {
  readonly token: Token;
  readonly source: TokenSource;
  /** Whether the token is in the store now. */
  readonly isSaved: boolean;
  /** Whether no one had signed in with this profile and application before. */
  readonly isFirst?: boolean | undefined;
}

/** The tokens of a sign-in. */
export interface SignedIn extends IssuedTokens {
  /** The flow that was used, if it is not the requested one. */
  readonly flow?: Flow | undefined;
}

/** What a cached token needs. */
export interface CacheDependencies {
  readonly clock: Clock;
  readonly store: TokenStore;
}

/** What getting a token needs. */
export interface TokenDependencies extends CacheDependencies {
  readonly progress: Progress;
  /** Aborted when the user ends the program. */
  readonly signal: AbortSignal;
  readonly profiles: Pick<ProfileStore, "lookUp" | "identify">;
  /**
   * Finds the application's credential, if the flow needs one. That may prompt the user, so it comes before a lock that
   * other processes wait for.
   */
  readonly prepareCredential: () => Promise<void>;
  /**
   * Waits until no other process signs in to the same session: see `acquireSignInLock()` of the store. Calls `onWait`
   * with the id of each process that it waits for, or null.
   */
  readonly acquireSignInLock: (
    onWait: (pid: number | null) => void,
    signal: AbortSignal,
  ) => Promise<SignInLock>;
  /** Begins to load the client that talks to the authority, while other work goes on. */
  readonly prepareTokenClient: () => void;
  /** Makes the client that talks to the authority. Loading it takes time, so only if the network is needed. */
  readonly loadTokenClient: () => Promise<TokenClient>;
  /** Signs the user in with the requested flow. */
  readonly signIn: (
    tokens: TokenClient,
    options: SignInOptions,
    signal: AbortSignal,
  ) => Promise<SignedIn>;
  /** Gets a token for the application itself, with its credential (RFC 6749 section 4.4). */
  readonly acquireWithClientCredentials: (options: RefreshOptions) => Promise<IssuedTokens>;
  /** Gets a token for the identity that Azure gave this machine. */
  readonly acquireWithManagedIdentity: (options: RefreshOptions) => Promise<IssuedTokens>;
}

/** Opens what it takes to get the token of a request. */
export type OpenTokenDependencies = (request: TokenRequest) => TokenDependencies;
