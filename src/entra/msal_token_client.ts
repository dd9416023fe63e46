import {
  type AuthenticationResult,
  InteractionRequiredAuthError,
  PublicClientApplication,
} from "@azure/msal-node";
import { CliError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Clock } from "../system/clock.ts";
import type { Network } from "../system/network.ts";
import type { Account } from "../token.ts";
import { acceptsIssuer, entraAuthority } from "./authority.ts";
import { entraError, type ErrorContext } from "./entra_error.ts";
import { assertAllowed, type GuardedNetwork, guardNetwork } from "./guarded_network.ts";
import { judgeIdToken } from "./id_token.ts";
import { restoreCache, signInAgain, takeCache } from "./msal_cache.ts";
import { generateProofKey, generateRandomValue } from "./proof_key.ts";
import type { AuthorizationTransaction, IssuedTokens, SignInOptions, TokenClient } from "./token_client.ts";

/** Which application asks which authority, and the outside it needs for that. */
export interface TokenClientOptions {
  /** Base URL of the authority, without the tenant. */
  readonly authority: string;
  /** Tenant as configured. */
  readonly tenant: string;
  /** Application (client) id. */
  readonly clientId: string;
  /** The way to the authority. */
  readonly network: Network;
  /** Tells when tokens end. */
  readonly clock: Clock;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** A token client on MSAL Node, which is used for the protocol only: what comes back is judged here. */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  return {
    beginSignIn: (request) => beginSignIn(options, request),
    refresh: (cache, account, scopes) => refresh(options, cache, account, scopes),
  };
}

/** One MSAL instance and its network. A fresh one for each grant, so that nothing is left over from another. */
interface Msal {
  readonly app: PublicClientApplication;
  readonly network: GuardedNetwork;
  readonly errors: ErrorContext;
}

function createMsal(options: TokenClientOptions, silently: boolean): Msal {
  const authority = entraAuthority(options.authority, options.tenant);
  const errors = { clientId: options.clientId, tenant: options.tenant };
  const network = guardNetwork({
    network: options.network,
    authority,
    signal: options.signal,
    onReportedError: (reported) => entraError(reported, errors, silently),
  });
  const app = new PublicClientApplication({
    auth: { clientId: options.clientId, authority: authority.url, knownAuthorities: [authority.host] },
    system: { networkClient: network },
  });
  return { app, network, errors };
}

async function beginSignIn(
  options: TokenClientOptions,
  request: SignInOptions,
): Promise<AuthorizationTransaction> {
  const msal = createMsal(options, false);
  const authority = entraAuthority(options.authority, options.tenant);
  const { verifier, challenge } = await generateProofKey();
  const state = generateRandomValue();
  const nonce = generateRandomValue().reveal();
  let redirectUri = "";
  return {
    state,
    acceptsIssuer: (issuer) => acceptsIssuer(authority, msal.network.metadata, issuer),
    async authorizationUrl(uri) {
      redirectUri = uri;
      const url = await run(msal, (app) =>
        app.getAuthCodeUrl({
          scopes: [...request.scopes],
          redirectUri,
          responseMode: "form_post",
          codeChallenge: challenge,
          codeChallengeMethod: "S256",
          state: state.reveal(),
          nonce,
          ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
          ...(request.loginHint === undefined ? {} : { loginHint: request.loginHint }),
          ...(request.claims === undefined ? {} : { claims: request.claims }),
        }));
      assertAllowed(url, authority);
      return url;
    },
    async redeem(code) {
      // Only these two: MSAL would turn to another host for a `cloud_instance_host_name` in the payload.
      const payload = { code: code.reveal(), nonce };
      const result = await run(msal, (app) =>
        app.acquireTokenByCode({
          scopes: [...request.scopes],
          redirectUri,
          code: payload.code,
          codeVerifier: verifier.reveal(),
        }, payload));
      return issuedTokens(options, msal, result, request.scopes, nonce);
    },
    refusal: (error, description) => entraError({ error, description }, msal.errors, false),
  };
}

async function refresh(
  options: TokenClientOptions,
  cache: Secret,
  account: Account,
  scopes: readonly string[],
): Promise<IssuedTokens> {
  const msal = createMsal(options, true);
  const known = await restoreCache(msal.app.getTokenCache(), cache, account.homeAccountId);
  const result = await run(
    msal,
    (app) => app.acquireTokenSilent({ account: known, scopes: [...scopes], forceRefresh: true }),
  );
  const issued = issuedTokens(options, msal, result, scopes, null);
  if (!isSameAccount(issued.token.account, account)) {
    throw new CliError(
      "wrong_account",
      "The refreshed token is for another account than the one that signed in",
      {
        hint: "Sign in again with --force.",
      },
    );
  }
  return issued;
}

function isSameAccount(issued: Account | null, account: Account): boolean {
  return issued?.homeAccountId === account.homeAccountId && issued.objectId === account.objectId &&
    issued.tenantId === account.tenantId;
}

function issuedTokens(
  options: TokenClientOptions,
  msal: Msal,
  result: AuthenticationResult,
  scopes: readonly string[],
  nonce: string | null,
): IssuedTokens {
  const { metadata, tokenResponse } = msal.network;
  if (tokenResponse === null || result.account === null) {
    throw new CliError("invalid_response", "The token response has no ID token", {
      hint: "Check --authority: Entra sends one with every sign-in.",
    });
  }
  const nowMs = options.clock.now();
  const subject = judgeIdToken(result.idToken, { ...result.idTokenClaims }, {
    authority: entraAuthority(options.authority, options.tenant),
    metadata,
    clientId: options.clientId,
    nonce,
    nowMs,
  });
  return {
    token: {
      accessToken: new Secret(result.accessToken),
      tokenType: "Bearer",
      scopes: tokenResponse.scopes ?? scopes,
      expiresAt: Math.floor(nowMs / 1000) + tokenResponse.expiresInSeconds,
      account: { homeAccountId: result.account.homeAccountId, ...subject },
    },
    cache: takeCache(msal.app.getTokenCache()),
  };
}

/** Runs a call of MSAL's, and in place of MSAL's error gives the one that the network module met. */
async function run<T>(msal: Msal, call: (app: PublicClientApplication) => Promise<T>): Promise<T> {
  try {
    return await call(msal.app);
  } catch (error) {
    if (msal.network.failure !== null) throw msal.network.failure;
    // MSAL asks for the user before it asks the network, for one where it holds no refresh token.
    if (error instanceof InteractionRequiredAuthError) throw signInAgain();
    // MSAL's codes name what is wrong and hold no secret; its error objects can hold whole requests.
    const code = error instanceof Error && "errorCode" in error ? String(error.errorCode) : "unknown";
    throw new CliError("invalid_response", `The sign-in service's answer can't be used (${code})`, {
      hint: "Check --authority, then try again.",
    });
  }
}
