import { ConfidentialClientApplication, PublicClientApplication } from "@azure/msal-node";
import { CliError } from "../../errors.ts";
import type { Secret } from "../../text/secret.ts";
import type { Account } from "../../identity/token.ts";
import { acceptsIssuer, entraAuthority } from "../authority.ts";
import { withClientAuthentication } from "./client_authentication.ts";
import { entraError } from "../errors/entra_error.ts";
import { assertAllowed } from "./send_to_authority.ts";
import { issuedTokens } from "./issued_tokens.ts";
import { createMsal, type MsalConfiguration, runMsal, type TokenClientOptions } from "./msal_app.ts";
import { restoreCache } from "./msal_cache.ts";
import { generatePkcePair, generateRandomValue } from "../pkce.ts";
import { parseReportedError } from "../errors/reported_error.ts";
import type {
  AuthorizationTransaction,
  IssuedTokens,
  RefreshOptions,
  SignInOptions,
  TokenClient,
} from "../token_client.ts";

/** A token client on MSAL Node, which is used for the protocol only: what comes back is judged here. */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  return {
    beginSignIn: (request) => beginSignIn(options, request),
    async signInWithDeviceCode(request, onCode, signal) {
      const { signInWithDeviceCode } = await import("./device_grant.ts");
      return await signInWithDeviceCode(options, request, onCode, signal);
    },
    refresh: (cache, account, request) => refresh(options, cache, account, request),
  };
}

/** MSAL's application: a confidential one where it has something to prove itself with. */
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
  const msal = createMsal(options, { silently: false }, makeClient(options));
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
      const url = await runMsal(msal, (app) =>
        app.getAuthCodeUrl({
          scopes: [...request.scopes],
          redirectUri,
          responseMode,
          codeChallenge: challenge,
          codeChallengeMethod: "S256",
          state: state.reveal(),
          nonce,
          ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
          ...(request.loginHint === undefined ? {} : { loginHint: request.loginHint }),
          ...(request.domainHint === undefined ? {} : { domainHint: request.domainHint }),
          ...(request.claims === undefined ? {} : { claims: request.claims }),
        }));
      assertAllowed(url, authority);
      return url;
    },
    async redeem(code) {
      // Only these two: MSAL would turn to another host for a `cloud_instance_host_name` in the payload.
      const payload = { code: code.reveal(), nonce };
      const result = await runMsal(msal, (app) =>
        app.acquireTokenByCode({
          scopes: [...request.scopes],
          redirectUri,
          code: payload.code,
          codeVerifier: verifier.reveal(),
          ...(request.claims === undefined ? {} : { claims: request.claims }),
          // Where a confidential client looks for it.
          nonce,
        }, payload));
      const issued = issuedTokens(options, msal, result, { scopes: request.scopes, nonce });
      request.accept?.(issued.token.account);
      return issued;
    },
    refusal: (error, description) =>
      entraError(
        parseReportedError({ error, error_description: description }) ?? { error, description },
        msal.errors,
        false,
      ),
  };
}

async function refresh(
  options: TokenClientOptions,
  cache: Secret,
  account: Account,
  { scopes, claims, failFast = false }: RefreshOptions,
): Promise<IssuedTokens> {
  const msal = createMsal(options, { silently: true, repeat: "unprocessed", failFast }, makeClient(options));
  const known = await restoreCache(msal.app.getTokenCache(), cache, account.homeAccountId);
  const result = await runMsal(
    msal,
    (app) =>
      app.acquireTokenSilent({
        account: known,
        scopes: [...scopes],
        forceRefresh: true,
        ...(claims === undefined ? {} : { claims }),
      }),
  );
  const issued = issuedTokens(options, msal, result, { scopes, nonce: null });
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
