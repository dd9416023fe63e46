/** The grants, with MSAL Node for the protocol. This program validates every response itself. */

import { ConfidentialClientApplication, PublicClientApplication } from "@azure/msal-node";
import type { ClientCredential } from "../../credentials/client_credential.ts";
import { CliError } from "../../errors.ts";
import { firstResource } from "../../identity/scopes.ts";
import type { Account } from "../../identity/token.ts";
import { Secret } from "../../text/secret.ts";
import { shellWord } from "../../text/shell_word.ts";
import { acceptsIssuer, entraAuthority } from "../authority.ts";
import {
  type DeviceAuthorization,
  pollForTokens,
  validateDeviceAuthorization,
} from "../device_authorization.ts";
import { isDeadRefreshToken, parseReportedError } from "../errors/reported_error.ts";
import { generatePkcePair, generateRandomValue } from "../pkce.ts";
import type {
  AuthorizationTransaction,
  DeviceCode,
  IssuedTokens,
  RefreshOptions,
  SignInOptions,
  TokenClient,
} from "../token_client.ts";
import { findRefreshToken } from "../token_response.ts";
import { withClientAuthentication } from "./client_authentication.ts";
import { applicationTokens, missingIdToken, refreshedTokens, userTokens } from "./issued_tokens.ts";
import { createMsal, type MsalConfiguration, runMsal, type TokenClientOptions } from "./msal_app.ts";
import { discoveryIn, isSameDiscovery, restoreCache, withDiscovery, withRefreshToken } from "./msal_cache.ts";
import { isTokenRequest, type PostExchange } from "./msal_network_module.ts";
import { assertAllowed, unusable } from "./send_to_authority.ts";

/** Makes a token client for a user. */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  return {
    beginSignIn: (request) => beginSignIn(options, request),
    signInWithDeviceCode: (request, onCode, signal) => signInWithDeviceCode(options, request, onCode, signal),
    refresh: (cache, account, request) => refresh(options, cache, account, request),
  };
}

function makeClient({ credential, clock }: TokenClientOptions) {
  return (configuration: MsalConfiguration) =>
    credential === undefined
      ? new PublicClientApplication(configuration)
      : new ConfidentialClientApplication(withClientAuthentication(configuration, credential, clock));
}

async function beginSignIn(
  options: TokenClientOptions,
  request: SignInOptions,
): Promise<AuthorizationTransaction> {
  const { scopes, loginHint: user } = request;
  const resource = firstResource(scopes, options.authority);
  const msal = createMsal(options, { silently: false, resource, user }, makeClient(options));
  const authority = entraAuthority(options.authority, options.tenant);
  const { verifier, challenge } = await generatePkcePair();
  const state = generateRandomValue();
  const nonce = generateRandomValue().reveal();
  let redirectUri = "";
  return {
    state,
    acceptsIssuer: (issuer) => acceptsIssuer(authority, msal.network.metadata, issuer),
    async authorizationUrl(uri, responseMode = "form_post") {
      redirectUri = uri;
      const { prompt, loginHint, domainHint, claims } = request;
      const url = await runMsal(msal, (app) =>
        app.getAuthCodeUrl({
          scopes: [...request.scopes],
          redirectUri,
          responseMode,
          codeChallenge: challenge,
          codeChallengeMethod: "S256",
          state: state.reveal(),
          nonce,
          ...defined({ prompt, loginHint, domainHint, claims }),
        }));
      assertAllowed(url, authority);
      return url;
    },
    async redeem(code) {
      // Nothing else: a `cloud_instance_host_name` in the payload would make MSAL use another host.
      const payload = { code: code.reveal(), nonce };
      const result = await runMsal(msal, (app) =>
        app.acquireTokenByCode({
          scopes: [...request.scopes],
          redirectUri,
          code: payload.code,
          codeVerifier: verifier.reveal(),
          // A confidential client reads it here.
          nonce,
          ...defined({ claims: request.claims }),
        }, payload)).catch((error: unknown) => {
          // MSAL compares the nonce with one that is not there.
          throw msal.network.tokenResponse?.idToken === null ? missingIdToken() : error;
        });
      const issued = userTokens(options, msal, result, { scopes: request.scopes, nonce });
      request.accept?.(issued.token.account);
      return issued;
    },
    async refusal({ error, description, subcode, uri }) {
      const { entraError } = await import("../errors/entra_error.ts");
      const reported = parseReportedError({
        error,
        error_description: description,
        error_subcode: subcode,
        error_uri: uri,
      });
      return entraError(reported ?? { error, description }, msal.errors, false);
    },
  };
}

/**
 * Signs in with the device authorization grant (RFC 8628). MSAL builds the requests and processes the result. The polling
 * between is our own, because MSAL's treats `slow_down` and a broken connection as final, and accepts any interval.
 */
async function signInWithDeviceCode(
  options: TokenClientOptions,
  request: SignInOptions,
  onCode: (code: DeviceCode) => void,
  signal: AbortSignal,
): Promise<IssuedTokens> {
  const post = deviceExchange(options, onCode, signal);
  const resource = firstResource(request.scopes, options.authority);
  const msal = createMsal(
    { ...options, signal },
    // A poll during a pause counts as failed and is not sent.
    { silently: false, obeysThrottle: true, post, resource, user: request.loginHint },
    (configuration) => new PublicClientApplication(configuration),
  );
  const result = await runMsal(msal, (app) =>
    app.acquireTokenByDeviceCode({
      scopes: [...request.scopes],
      // `onCode` has received the code already.
      deviceCodeCallback: () => {},
      ...defined({ claims: request.claims }),
    }));
  return userTokens(options, msal, result, { scopes: request.scopes, nonce: null });
}

/** Responds to MSAL's two posts: to the one for a code at once, to the one for tokens when the polling has ended. */
function deviceExchange(
  { authority: base, tenant, clientId, clock }: TokenClientOptions,
  onCode: (code: DeviceCode) => void,
  signal: AbortSignal,
): PostExchange {
  const authority = entraAuthority(base, tenant);
  let granted: DeviceAuthorization | null = null;
  return async (request, send) => {
    if (granted !== null && isTokenRequest(request)) {
      return await pollForTokens({ ...granted, clock, signal, poll: send });
    }
    const response = await send();
    if (parseReportedError(response.body) !== null) return response;
    if (response.status !== 200) {
      throw unusable(authority.host, `status ${response.status} to the device code request`);
    }
    granted = validateDeviceAuthorization(response.body, authority);
    const { intervalSeconds: _, ...shown } = granted;
    onCode({ ...shown, clientId, tenant });
    // MSAL treats a code without a numeric lifetime as expired.
    return { ...response, body: { ...response.body, expires_in: granted.expiresInSeconds } };
  };
}

async function refresh(
  options: TokenClientOptions,
  saved: Secret,
  account: Account,
  { scopes, claims, failFast, onCacheChange }: RefreshOptions,
): Promise<IssuedTokens> {
  let cache = saved;
  let clientInfo: unknown;
  let isInvalidScope = false;
  const change = (changed: Secret) => {
    cache = changed;
    onCacheChange?.(changed);
  };
  // Before anything validates the response: the previous refresh token may be accepted no more.
  const post: PostExchange = async (_request, send) => {
    const response = await send();
    const { body } = response;
    const reported = parseReportedError(body);
    isInvalidScope = reported?.error === "invalid_scope";
    if (reported !== null && isDeadRefreshToken(reported)) change(new Secret(""));
    const refreshToken = reported === null ? findRefreshToken(body) : null;
    if (refreshToken !== null) change(withRefreshToken(saved, account.homeAccountId, refreshToken));
    clientInfo = body.client_info;
    return response;
  };
  const user = account.username;
  const discovery = discoveryIn(saved, options.clock.now());
  const resource = firstResource(scopes, options.authority);
  const msal = createMsal(options, {
    silently: true,
    repeat: "unprocessed",
    failFast,
    post,
    discovery,
    resource,
    user,
  }, makeClient(options));
  const known = await restoreCache(msal.app.getTokenCache(), saved, account.homeAccountId);
  try {
    await runMsal(msal, (app) =>
      app.acquireTokenSilent({
        account: known,
        scopes: [...scopes],
        forceRefresh: true,
        ...defined({ claims }),
      }));
    return refreshedTokens(options, msal.network, { scopes, account, cache, clientInfo });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (discovery !== null && error.code === "invalid_response") {
      // The endpoints may have changed since the document was kept.
      const current = await msal.network.rediscover();
      if (current !== null && !isSameDiscovery(current, discovery)) {
        change(withDiscovery(cache, current, options.clock.now()));
      }
    }
    throw isInvalidScope ? error.withHint(boundToScopes(options.profile, scopes)) : error;
  }
}

/** Returns the hint for scopes that a refresh was refused: its token may be bound to others (RFC 6749 section 6). */
function boundToScopes(profile: string, scopes: readonly string[]): string {
  const command = [
    "entra-auth-cli",
    "get-token",
    "--profile",
    profile,
    "--scope",
    scopes.join(" "),
    "--force",
  ];
  return `${
    command.map(shellWord).join(" ")
  }\nThe saved sign-in may be for other scopes only. If the scopes exist, sign ` +
    "in for them with this command.";
}

/**
 * Gets a token for the application itself (RFC 6749 section 4.4).
 *
 * @throws {CliError} `sign_in_failed`, `invalid_response` or `network`, and what reading the credential throws.
 */
export async function acquireTokenForApplication(
  options: TokenClientOptions & { readonly credential: ClientCredential },
  { scopes, claims, failFast }: RefreshOptions,
): Promise<IssuedTokens> {
  const { credential, clock } = options;
  const resource = firstResource(scopes, options.authority);
  const msal = createMsal(
    options,
    { silently: true, repeat: "unprocessed", failFast, resource },
    (configuration) =>
      new ConfidentialClientApplication(withClientAuthentication(configuration, credential, clock)),
  );
  await runMsal(msal, (app) =>
    app.acquireTokenByClientCredential({
      scopes: [...scopes],
      skipCache: true,
      // The token endpoint of a region would be on another host than the authority's.
      azureRegion: "DisableMsalForceRegion",
      ...defined({ claims }),
    }));
  return applicationTokens(msal.network.tokenResponse, scopes, clock.now());
}

/** Drops undefined members, which MSAL's types do not allow. */
function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
