import { type AccountInfo, AuthError, type INetworkModule, PublicClientApplication } from "@azure/msal-node";
import { assertEquals, assertExists, assertNotEquals, assertRejects } from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { ADA } from "../../../support/provider/directory.ts";
import { type Provider, startProvider } from "../../../support/provider/provider.ts";
import { UserAgent } from "../../../support/browser/user_agent.ts";

const REDIRECT_URI = "http://localhost:49998/";
const SCOPES = ["https://graph.microsoft.com/User.Read"];
const VERIFIER = "a-code-verifier-that-is-long-enough-to-be-one";

Deno.test("MSAL signs in with the provider and refreshes silently", async () => {
  await using provider = await startProvider();
  using network = new CaNetwork(provider.caPem);
  const msal = makeMsal(provider, network);
  const { nonce, url } = await authorizationUrl(msal);
  using agent = new UserAgent(provider);
  const callback = await agent.authorize(url, ADA);
  const first = await msal.acquireTokenByCode({
    ...REQUEST,
    code: callback.params.code ?? "",
    codeVerifier: VERIFIER,
  }, { code: callback.params.code ?? "", nonce });
  const account = first.account as AccountInfo;

  assertEquals(account.homeAccountId, `${ADA.objectId}.${provider.tenantId}`);
  assertEquals(account.username, ADA.username);
  assertEquals(account.tenantId, provider.tenantId);
  assertEquals(first.tokenType, "Bearer");
  assertEquals(first.scopes.includes("https://graph.microsoft.com/User.Read"), true);

  const cached = await msal.acquireTokenSilent({ account, scopes: SCOPES });
  assertEquals(cached.accessToken, first.accessToken);
  assertEquals(cached.fromCache, true);

  const refreshed = await msal.acquireTokenSilent({ account, scopes: SCOPES, forceRefresh: true });
  assertEquals(refreshed.fromCache, false);
  assertNotEquals(refreshed.accessToken, first.accessToken);
  const again = await msal.acquireTokenSilent({ account, scopes: SCOPES, forceRefresh: true });
  assertNotEquals(again.accessToken, refreshed.accessToken);

  assertEquals(provider.requestsTo("token").map(({ form }) => form.grant_type), [
    "authorization_code",
    "refresh_token",
    "refresh_token",
  ]);
  assertEquals(provider.faults, []);
});

Deno.test("MSAL detects an unexpected nonce", async () => {
  await using provider = await startProvider();
  using network = new CaNetwork(provider.caPem);
  const msal = makeMsal(provider, network);
  const { url } = await authorizationUrl(msal);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(url, ADA);
  const code = params.code ?? "";
  const error = await assertRejects(
    () => msal.acquireTokenByCode({ ...REQUEST, code, codeVerifier: VERIFIER }, { code, nonce: "another" }),
    AuthError,
  );
  assertEquals(error.errorCode, "nonce_mismatch");
});

Deno.test("MSAL signs in with a device code", async () => {
  await using provider = await startProvider({ devicePollInterval: 1 });
  using network = new CaNetwork(provider.caPem);
  const msal = makeMsal(provider, network);
  using agent = new UserAgent(provider);
  const shown = Promise.withResolvers<{ userCode: string; verificationUri: string }>();
  const result = msal.acquireTokenByDeviceCode({ scopes: SCOPES, deviceCodeCallback: shown.resolve });
  const { userCode, verificationUri } = await shown.promise;
  await agent.enterDeviceCode(verificationUri, userCode, ADA);
  const token = await result;
  assertExists(token);
  assertEquals(token.account?.homeAccountId, `${ADA.objectId}.${provider.tenantId}`);
  assertEquals(provider.faults, []);
});

const REQUEST = { scopes: SCOPES, redirectUri: REDIRECT_URI };

function makeMsal(provider: Provider, networkClient: INetworkModule): PublicClientApplication {
  return new PublicClientApplication({
    auth: {
      clientId: provider.clientId,
      authority: `${provider.origin}/${provider.tenantId}`,
      knownAuthorities: [new URL(provider.origin).host],
    },
    system: { networkClient },
  });
}

async function authorizationUrl(msal: PublicClientApplication): Promise<{ url: string; nonce: string }> {
  const nonce = crypto.randomUUID();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER));
  const url = await msal.getAuthCodeUrl({
    ...REQUEST,
    responseMode: "form_post",
    codeChallenge: encodeBase64Url(digest),
    codeChallengeMethod: "S256",
    state: crypto.randomUUID(),
    nonce,
  });
  return { url, nonce };
}

/** MSAL's network over fetch, trusting the provider's root. */
class CaNetwork implements INetworkModule, Disposable {
  #http: Deno.HttpClient;

  constructor(caPem: string) {
    this.#http = Deno.createHttpClient({ caCerts: [caPem] });
  }

  sendGetRequestAsync: INetworkModule["sendGetRequestAsync"] = (url, options) =>
    this.#send(url, { headers: options?.headers ?? {} });

  sendPostRequestAsync: INetworkModule["sendPostRequestAsync"] = (url, options) =>
    this.#send(url, { method: "POST", headers: options?.headers ?? {}, body: options?.body ?? "" });

  async #send<T>(url: string, init: RequestInit) {
    const response = await fetch(url, { ...init, client: this.#http });
    const body: T = await response.json();
    return { headers: Object.fromEntries(response.headers), body, status: response.status };
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }
}
