import type { IssuedTokens, RefreshOptions, SignInOptions, TokenClient } from "../../entra/token_client.ts";
import type { ExpectedAccount } from "../../identity/expected_account.ts";
import type { Flow } from "../../profiles/profile.ts";
import type { SessionKey } from "../../store/session.ts";
import type { SignInLock } from "../../store/sign_in_lock.ts";
import type { TokenStore } from "../../store/token_store.ts";
import type { Clock } from "../../system/clock.ts";
import type { Token } from "../../identity/token.ts";
import { findCachedToken } from "./find_cached_token.ts";
import type { Progress } from "../progress.ts";

/** Where a token came from. */
export type TokenSource = "cache" | "refresh" | Flow;

/** Which token is wanted, and what may be done to get it. */
export interface TokenRequest {
  /** Profile, authority, tenant and application, and whether the token is to be the application's own. */
  readonly key: SessionKey;
  /** Whether there was a profile of that name when the command began: doing without one is fine. */
  readonly hasProfile: boolean;
  /** How to sign in where neither the cache nor a refresh helps. */
  readonly flow: Flow;
  /** Scopes that the token has to cover. */
  readonly scopes: readonly string[];
  /** Whose token alone will do. */
  readonly expect: ExpectedAccount;
  /** Whether a token from the cache will do. */
  readonly acceptCached: boolean;
  /** Whether a silent refresh will do. */
  readonly acceptRefresh: boolean;
  /** Whether the user may be asked. */
  readonly mayPrompt: boolean;
  /** Whether the store is used at all. */
  readonly useStore: boolean;
  /** OpenID Connect `prompt`, where the user chose one. */
  readonly prompt?: string;
  /** User name to fill in, where the user gave one for this call. */
  readonly loginHint?: string;
  /** Domain of the account, where the user gave one: see `SignInOptions`. */
  readonly domainHint?: string;
  /** Claims that an API demanded, as JSON text: no token from the cache has them. */
  readonly claims?: string;
  /** The flags that a command has to carry to sign in for the same token, as words. */
  readonly signInFlags?: readonly string[];
  /** User name to fill in otherwise: the profile's own. */
  readonly suggestedUser?: string;
}

/** A token, and what is worth knowing about how it was come by. */
export interface TokenResult {
  /** The token. */
  readonly token: Token;
  /** Where it came from. */
  readonly source: TokenSource;
  /** Whether it is in the store now. */
  readonly isSaved: boolean;
}

/** What a sign-in brought. */
export interface SignedIn extends IssuedTokens {
  /** The flow that brought it, where another stood in for the one that was asked for. */
  readonly flow?: Flow;
}

/** What looking into the cache uses. */
export interface CacheDependencies {
  /** Tells what is expired. */
  readonly clock: Clock;
  /** The tokens of earlier runs. */
  readonly store: TokenStore;
  /** Hears what happens. */
  readonly progress: Progress;
}

/** What getting a token uses. */
export interface TokenDependencies extends CacheDependencies {
  /** Aborted when the user ends the program. */
  readonly signal: AbortSignal;
  /** Whether there is a profile now of the name that the request has. */
  readonly profileExists: () => Promise<boolean>;
  /**
   * Finds what the application proves itself with, where the flow needs it. That may take a person who types it, so
   * it comes before a turn that other processes wait for.
   */
  readonly prepareCredential: () => Promise<void>;
  /**
   * Waits until no other process asks the user for the same session: see `acquireSignInLock()` of the store. `onWait` is
   * told the id of each process that it waits for, or null.
   */
  readonly acquireSignInLock: (
    onWait: (pid: number | null) => void,
    signal: AbortSignal,
  ) => Promise<SignInLock>;
  /** Makes the client that talks to the authority. Loading it takes time, so only where the network is needed. */
  readonly loadTokenClient: () => Promise<TokenClient>;
  /** Signs the user in with the flow that was chosen. */
  readonly signIn: (
    tokens: TokenClient,
    options: SignInOptions,
    signal: AbortSignal,
  ) => Promise<SignedIn>;
  /** Gets a token for the application itself, with the flow that was chosen. */
  readonly acquireTokenForApplication: (options: RefreshOptions) => Promise<IssuedTokens>;
}

/**
 * Gets an access token in the cheapest way that is allowed: from the cache, by a silent refresh, by asking the user.
 * Where several processes need the user at once, one of them asks, and the others wait for its result or its refusal.
 * A token of the application's own is got without anyone, whatever else is allowed.
 *
 * @param open Opens what it takes once the cache has no answer.
 * @throws {CliError} `no_token` when nothing allowed gives one, `person_needed` when only the user could, `wrong_account`
 *   when what there is belongs to somebody else than the expected account; and what the store, the refresh, the wait for another process and the sign-in throw.
 */
export async function getToken(
  request: TokenRequest,
  cache: CacheDependencies,
  open: () => Promise<TokenDependencies>,
): Promise<TokenResult> {
  const { session, cached } = await findCachedToken(request, cache);
  if (cached !== null) return cached;
  const { acquireToken } = await import("./acquire_token.ts");
  return await acquireToken(request, session, await open());
}
