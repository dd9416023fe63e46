import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { createTokenClient } from "../../../../src/entra/msal/msal_token_client.ts";
import type { TokenClientOptions } from "../../../../src/entra/msal/msal_app.ts";
import { deriveChallenge } from "../../../../src/entra/pkce.ts";
import type {
  AuthorizationTransaction,
  IssuedTokens,
  TokenClient,
} from "../../../../src/entra/token_client.ts";
import { Secret } from "../../../../src/text/secret.ts";
import type { Network } from "../../../../src/system/network/network.ts";
import type { Account } from "../../../../src/identity/token.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";
import {
  BASE,
  CLIENT_ID,
  goodMetadata,
  goodTokenResponse,
  HOST,
  jsonResponse,
  NOW,
  NOW_MS,
  OBJECT_ID,
  OTHER_TENANT_ID,
  shapedJwt,
  TENANT_ID,
  textResponse,
} from "../../../support/fixtures/entra_fixture.ts";
import {
  type Answer,
  type TinyAuthority,
  tinyAuthority,
  type TokenChanges,
  tokens,
} from "../../../support/fixtures/tiny_authority.ts";

const REDIRECT_URI = "http://localhost:50000";
const SCOPES = ["User.Read"];
const HOME_ID = `${OBJECT_ID}.${TENANT_ID}`;
/** A day after the sign-in, when its discovery document is no longer used. */
const LATER_MS = NOW_MS + 24 * 3_600_000;
const never: Answer = () => {
  throw new Error("unexpected request to the token endpoint");
};

function client(
  { network }: TinyAuthority,
  changes: Partial<TokenClientOptions> = {},
): TokenClient {
  return createTokenClient({
    profile: "default",
    authority: BASE,
    tenant: TENANT_ID,
    clientId: CLIENT_ID,
    network,
    clock: new FakeClock(NOW_MS),
    signal: new AbortController().signal,
    ...changes,
  });
}

interface Begun {
  readonly transaction: AuthorizationTransaction;
  readonly parameters: URLSearchParams;
  readonly url: URL;
}

async function begin(authority: TinyAuthority, tenant = TENANT_ID): Promise<Begun> {
  const transaction = await client(authority, { tenant }).beginSignIn({ scopes: SCOPES });
  const url = new URL(await transaction.authorizationUrl(REDIRECT_URI));
  return { transaction, url, parameters: url.searchParams };
}

/** Signs in with a token response that is valid except for `changes`. */
async function signIn(changes: TokenChanges = {}, tenant = TENANT_ID): Promise<IssuedTokens> {
  const authority = tinyAuthority(never);
  const { transaction, parameters } = await begin(authority, tenant);
  authority.answer = () => tokens(parameters.get("nonce"), changes);
  return await transaction.redeem(new Secret("the-code"));
}

/** Signs in with a response that must fail. */
async function signInError(answer: (nonce: string) => ReturnType<Answer>): Promise<CliError> {
  const authority = tinyAuthority(never);
  const { transaction, parameters } = await begin(authority);
  authority.answer = () => answer(parameters.get("nonce") ?? "");
  return await assertRejects(() => transaction.redeem(new Secret("the-code")), CliError);
}

const CLAIMS = '{"access_token":{"x":{"essential":true}}}';
/** Microsoft's "client capability" for Continuous Access Evaluation. */
const CAPABLE = { xms_cc: { values: ["CP1"] } };

function accessTokenClaims(parameters: URLSearchParams): unknown {
  return JSON.parse(parameters.get("claims") ?? "{}").access_token;
}

function accountOf({ token }: IssuedTokens): Account {
  assert(token.account);
  return token.account as Account;
}

async function refresh(
  before: IssuedTokens,
  answer: Answer,
  scopes: readonly string[] = SCOPES,
): Promise<{ issued: IssuedTokens; forms: URLSearchParams[] }> {
  const authority = tinyAuthority(answer);
  const issued = await client(authority).refresh(before.cache, accountOf(before), { scopes });
  return { issued, forms: authority.forms };
}

Deno.test("authorizationUrl() requests a code with S256, state, nonce and form_post, each parameter once", async () => {
  const authority = tinyAuthority(never);
  const transaction = await client(authority).beginSignIn({
    scopes: SCOPES,
    prompt: "login",
    loginHint: "ada@contoso.example",
    domainHint: "contoso.example",
    claims: CLAIMS,
  });
  const url = new URL(await transaction.authorizationUrl(REDIRECT_URI));
  assertEquals(`${url.origin}${url.pathname}`, `${BASE}/${TENANT_ID}/oauth2/v2.0/authorize`);
  const wanted: Record<string, string> = {
    response_type: "code",
    response_mode: "form_post",
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    code_challenge_method: "S256",
    state: transaction.state.reveal(),
    prompt: "login",
    login_hint: "ada@contoso.example",
    domain_hint: "contoso.example",
  };
  for (const [name, value] of Object.entries(wanted)) {
    assertEquals(url.searchParams.getAll(name), [value], name);
  }
  assertMatch(url.searchParams.get("code_challenge") ?? "", /^[\w-]{43}$/);
  assertMatch(url.searchParams.get("nonce") ?? "", /^[\w-]{43}$/);
  assertEquals((url.searchParams.get("scope") ?? "").split(" ").toSorted(), [
    "User.Read",
    "offline_access",
    "openid",
    "profile",
  ]);
  assertEquals(accessTokenClaims(url.searchParams), { x: { essential: true }, ...CAPABLE });
});

Deno.test("Every request declares support for claims challenges and carries the demanded claims", async () => {
  for (const [claims, demanded] of [[undefined, {}], [CLAIMS, { x: { essential: true } }]] as const) {
    const authority = tinyAuthority(never);
    const options = { scopes: SCOPES, ...(claims === undefined ? {} : { claims }) };
    const transaction = await client(authority).beginSignIn(options);
    const { searchParams } = new URL(await transaction.authorizationUrl(REDIRECT_URI));
    authority.answer = () => tokens(searchParams.get("nonce"));
    const before = await transaction.redeem(new Secret("the-code"));
    authority.answer = () => tokens(null);
    await client(authority).refresh(before.cache, accountOf(before), options);
    for (const parameters of [searchParams, ...authority.forms]) {
      assertEquals(accessTokenClaims(parameters), { ...demanded, ...CAPABLE });
    }
    assertEquals(authority.forms.length, 2);
  }
});

/** How the requests of a network were to be sent, in order. */
function sendings({ network }: TinyAuthority): unknown[] {
  return network.requests.map((
    { method, retry, obeysThrottle, timeoutMs },
  ) => [method, retry, obeysThrottle, timeoutMs]);
}

Deno.test("An authorization code is posted exactly once and is not delayed by throttling", async () => {
  const authority = tinyAuthority(never);
  const { transaction, parameters } = await begin(authority);
  authority.answer = () => tokens(parameters.get("nonce"));
  await transaction.redeem(new Secret("the-code"));
  assertEquals(sendings(authority), [["GET", "always", false, 30_000], ["POST", "never", false, 30_000]]);
});

Deno.test("A refresh that was not processed is retried unless there is a token to fall back on", async () => {
  const before = await signIn();
  for (const failFast of [false, true]) {
    const authority = tinyAuthority(() => tokens(null));
    const options = { scopes: SCOPES, failFast };
    const clock = new FakeClock(LATER_MS);
    await client(authority, { clock }).refresh(before.cache, accountOf(before), options);
    const [get, post] = failFast ? ["never", "never"] : ["always", "unprocessed"];
    assertEquals(sendings(authority), [["GET", get, true, 30_000], ["POST", post, true, 30_000]]);
  }
});

Deno.test("A refresh uses the discovery document of the last day, and no other", async () => {
  const before = await signIn();
  const paths = async (nowMs: number, { cache } = before) => {
    const authority = tinyAuthority(() => tokens(null));
    const clock = new FakeClock(nowMs);
    const issued = await client(authority, { clock }).refresh(cache, accountOf(before), { scopes: SCOPES });
    return { issued, methods: authority.network.requests.map(({ method }) => method) };
  };
  assertEquals((await paths(LATER_MS - 1)).methods, ["POST"]);
  // A clock that was set back.
  assertEquals((await paths(NOW_MS - 1)).methods, ["GET", "POST"]);
  const { issued, methods } = await paths(LATER_MS);
  assertEquals(methods, ["GET", "POST"]);
  assertEquals((await paths(LATER_MS + 1, issued)).methods, ["POST"]);
});

Deno.test("A refresh looks at the discovery document again if the response is invalid, and keeps one that has changed", async () => {
  const before = await signIn();
  const authority = tinyAuthority(() => jsonResponse({}, 404));
  const caches: Secret[] = [];
  const onCacheChange = (cache: Secret) => void caches.push(cache);
  const refresh = (cache: Secret) =>
    client(authority).refresh(cache, accountOf(before), { scopes: SCOPES, onCacheChange });
  const methods = () => authority.network.requests.splice(0).map(({ method }) => method);
  await assertRejects(() => refresh(before.cache), CliError, "status 404");
  assertEquals([methods(), caches.length], [["POST", "GET"], 0]);
  for (
    const metadata of [textResponse("gone", 404), jsonResponse({ ...goodMetadata(), issuer: "https://x" })]
  ) {
    authority.metadata = metadata;
    await assertRejects(() => refresh(before.cache), CliError, "status 404");
    assertEquals([methods(), caches.length], [["POST", "GET"], 0]);
  }
  const token_endpoint = `${BASE}/moved/token`;
  authority.metadata = jsonResponse({ ...goodMetadata(), token_endpoint });
  await assertRejects(() => refresh(before.cache), CliError, "status 404");
  methods();
  authority.answer = () => tokens(null);
  const [cache = new Secret("")] = caches;
  assertEquals((await refresh(cache)).token.account, before.token.account);
  assertEquals(authority.network.requests.map(({ url }) => url.split("?")[0]), [token_endpoint]);
});

Deno.test("A kept discovery document that names another host is refused", async () => {
  const before = await signIn();
  for (const field of ["issuer", "token_endpoint"]) {
    const text = before.cache.reveal().replace(
      `"${field}":"${BASE}/`,
      `"${field}":"https://elsewhere.example/`,
    );
    const tokenClient = client(tinyAuthority(() => tokens(null)));
    const error = await assertRejects(
      () => tokenClient.refresh(new Secret(text), accountOf(before), { scopes: SCOPES }),
      CliError,
    );
    assertEquals([error.code, error.message.includes(field)], ["invalid_response", true], error.message);
  }
});

Deno.test("The requests of a refresh share one time limit, and each request of a sign-in has at most 30 seconds", async () => {
  const before = await signIn();
  const clock = new FakeClock(LATER_MS);
  const authority = tinyAuthority(() => tokens(null));
  const { network } = authority;
  const slow: Network = {
    async send(request) {
      await clock.wait(7000, request.signal);
      return await network.send(request);
    },
  };
  await client(authority, { network: slow, clock, timeoutMs: 90_000 })
    .refresh(before.cache, accountOf(before), { scopes: SCOPES });
  assertEquals(network.requests.map(({ timeoutMs }) => timeoutMs), [90_000, 83_000]);
  for (const [timeoutMs, expected] of [[90_000, 30_000], [5000, 5000]] as const) {
    const other = tinyAuthority(never);
    await (await client(other, { timeoutMs }).beginSignIn({ scopes: SCOPES })).authorizationUrl(REDIRECT_URI);
    assertEquals(other.network.requests.map((request) => request.timeoutMs), [expected]);
  }
});

Deno.test("beginSignIn() generates a new state, nonce and challenge each time", async () => {
  const authority = tinyAuthority(never);
  const values = new Set<string>();
  for (let count = 0; count < 3; count++) {
    const { parameters } = await begin(authority);
    for (const name of ["state", "nonce", "code_challenge"]) values.add(parameters.get(name) ?? "");
  }
  assertEquals(values.size, 9);
});

Deno.test("authorizationUrl() needs no network for the clouds whose endpoints are known", async () => {
  for (
    const base of [
      "https://login.microsoftonline.com",
      "https://login.microsoftonline.us",
      "https://login.partner.microsoftonline.cn",
    ]
  ) {
    const authority = tinyAuthority(never);
    const transaction = await client(authority, { authority: base }).beginSignIn({ scopes: SCOPES });
    const url = await transaction.authorizationUrl(REDIRECT_URI);
    assertStringIncludes(url, `${base}/${TENANT_ID}/oauth2/v2.0/authorize?`);
    assertEquals(authority.network.requests, []);
    assertEquals(transaction.acceptsIssuer(`${base}/${TENANT_ID}/v2.0`), true);
    assertEquals(transaction.acceptsIssuer(`${BASE}/${TENANT_ID}/v2.0`), false);
  }
});

Deno.test("authorizationUrl() discovers the endpoints of another host only at that host", async () => {
  const authority = tinyAuthority(never);
  await begin(authority);
  assertEquals(authority.network.requests.map(({ url }) => url), [
    `${BASE}/${TENANT_ID}/v2.0/.well-known/openid-configuration`,
  ]);
});

Deno.test("acceptsIssuer() follows the discovered metadata (RFC 9207)", async () => {
  const authority = tinyAuthority(never);
  authority.metadata = jsonResponse({
    ...goodMetadata(),
    authorization_response_iss_parameter_supported: true,
  });
  const { transaction } = await begin(authority);
  assertEquals(transaction.acceptsIssuer(null), false);
  assertEquals(transaction.acceptsIssuer(`${BASE}/${TENANT_ID}/v2.0`), true);
  assertEquals(transaction.acceptsIssuer(`${BASE}/${OTHER_TENANT_ID}/v2.0`), false);
});

Deno.test("authorizationUrl() throws the cause of a failed discovery instead of MSAL's endpoints_resolution_error", async () => {
  const table: [ReturnType<Answer>, string, string][] = [
    [
      jsonResponse({ ...goodMetadata(), token_endpoint: "https://evil.example/t" }),
      "invalid_response",
      "token_endpoint",
    ],
    [
      jsonResponse({ ...goodMetadata(), authorization_endpoint: `http://${HOST}/a` }),
      "invalid_response",
      "authoriz",
    ],
    [jsonResponse({ ...goodMetadata(), issuer: "https://evil.example" }), "invalid_response", "issuer"],
    [textResponse("portal"), "invalid_response", "not a JSON object"],
    [textResponse("<html>portal"), "network", "Received a web page"],
    [textResponse("", 302, { location: "https://evil.example" }), "invalid_response", "redirect"],
    [textResponse("", 503), "network", "503"],
    [
      jsonResponse({ error: "invalid_tenant", error_description: "AADSTS90002: Tenant not found." }, 400),
      "sign_in_failed",
      "no such tenant",
    ],
  ];
  for (const [metadata, code, words] of table) {
    const authority = tinyAuthority(never);
    authority.metadata = metadata;
    const error = await assertRejects(() => begin(authority), CliError, words);
    assertEquals(error.code, code);
    assertEquals(error.message.includes("endpoints_resolution_error"), false);
  }
});

Deno.test("authorizationUrl() rejects an authority without TLS", async () => {
  const authority = tinyAuthority(never);
  const transaction = await client(authority, { authority: `http://${HOST}` }).beginSignIn({
    scopes: SCOPES,
  });
  await assertRejects(() => transaction.authorizationUrl(REDIRECT_URI), CliError, "authority_uri_insecure");
  assertEquals(authority.network.requests, []);
});

Deno.test("redeem() sends the code, the verifier and the same redirect URI once", async () => {
  const authority = tinyAuthority(never);
  const { transaction, parameters } = await begin(authority);
  authority.answer = () => tokens(parameters.get("nonce"));
  await transaction.redeem(new Secret("the-code"));
  assertEquals(authority.forms.length, 1);
  const form = authority.forms[0] ?? new URLSearchParams();
  assertEquals(form.get("grant_type"), "authorization_code");
  assertEquals(form.getAll("code"), ["the-code"]);
  assertEquals(form.get("client_id"), CLIENT_ID);
  assertEquals(form.get("redirect_uri"), REDIRECT_URI);
  assertEquals(await deriveChallenge(form.get("code_verifier") ?? ""), parameters.get("code_challenge"));
  assertEquals([form.has("client_secret"), form.has("nonce"), form.has("state")], [false, false, false]);
  for (const { url } of authority.network.requests) {
    assertEquals(url.includes("the-code") || url.includes(form.get("code_verifier") ?? ""), false);
  }
});

Deno.test("redeem() returns the validated token with the account", async () => {
  const { token } = await signIn({ body: { expires_in: "1800", scope: "User.Read Mail.Read" } });
  assertEquals(token.accessToken.reveal(), "access-token-1");
  assertEquals(token.expiresAt, NOW + 1800);
  assertEquals(token.scopes, ["User.Read", "Mail.Read"]);
  assertEquals(token.tokenType, "Bearer");
  assertEquals(token.account, {
    homeAccountId: HOME_ID,
    username: "ada@contoso.example",
    objectId: OBJECT_ID,
    tenantId: TENANT_ID,
  });
});

Deno.test("redeem() returns the requested scopes if the response names none", async () => {
  assertEquals((await signIn({ body: { scope: undefined } })).token.scopes, SCOPES);
});

Deno.test("redeem() rejects a token whose nonce is not the one in the URL", async () => {
  for (const nonce of ["another", null]) {
    const error = await signInError(() => tokens(nonce));
    assertEquals(error.code, "invalid_response");
    assertStringIncludes(error.message, "nonce");
  }
});

Deno.test("redeem() rejects an ID token that MSAL would accept", async () => {
  const table: [TokenChanges, string][] = [
    [{ claims: { aud: OTHER_TENANT_ID } }, "invalid_response"],
    [{ claims: { iss: `https://evil.example/${TENANT_ID}/v2.0` } }, "invalid_response"],
    [{ claims: { exp: NOW - 301 } }, "invalid_response"],
    [{ claims: { tid: OTHER_TENANT_ID, iss: `${BASE}/${OTHER_TENANT_ID}/v2.0` } }, "wrong_account"],
  ];
  for (const [changes, code] of table) {
    assertEquals((await signInError((nonce) => tokens(nonce, changes))).code, code, JSON.stringify(changes));
  }
  const unsigned = (nonce: string) =>
    tokens(nonce, {
      body: { id_token: shapedJwt({ nonce, tid: TENANT_ID }, { alg: "none" }) },
    });
  assertStringIncludes((await signInError(unsigned)).message, "not a signed JWT");
});

Deno.test("redeem() rejects a response without a valid ID token", async () => {
  for (const idToken of [undefined, "", "garbage", 1, {}]) {
    const error = await signInError((nonce) => tokens(nonce, { body: { id_token: idToken } }));
    assertEquals(error.code, "invalid_response", String(idToken));
  }
});

Deno.test("redeem() reports invalid client information as an error of its own", async () => {
  for (const info of ["%%%", "bnVsbA", "e30", 1]) {
    const outcome = await signIn({ body: { client_info: info } }).catch((error: unknown) => error);
    if (outcome instanceof CliError) assertEquals(outcome.code, "invalid_response");
    else assert(!(outcome instanceof Error), Deno.inspect(outcome));
  }
});

Deno.test("redeem() rejects an empty, failed or redirected response", async () => {
  const answers = [
    jsonResponse({}),
    jsonResponse([]),
    jsonResponse({}, 400),
    jsonResponse(goodTokenResponse(), 400),
    textResponse("html"),
    textResponse("", 307, { location: "https://evil.example" }),
  ];
  for (const answer of answers) assertEquals((await signInError(() => answer)).code, "invalid_response");
  assertEquals((await signInError(() => textResponse("", 500))).code, "network");
});

Deno.test("redeem() reports the authority's refusal with error code and correlation ID", async () => {
  const error = await signInError(() =>
    jsonResponse({
      error: "invalid_grant",
      error_description: "AADSTS70008: The code is expired.\r\nTrace ID: x",
      correlation_id: "c-1",
    }, 400)
  );
  assertEquals([error.code, error.aadsts, error.correlationId], ["sign_in_failed", "AADSTS70008", "c-1"]);
});

Deno.test("refusal() returns the error for an error response", async () => {
  const { transaction } = await begin(tinyAuthority(never));
  const refusal = (error: string, description: string | null) => transaction.refusal({ error, description });
  assertEquals((await refusal("access_denied", "AADSTS65004: declined")).message, "Consent was declined");
  assertEquals(
    (await refusal("access_denied", null)).message,
    "The sign-in was cancelled or declined in the browser (access_denied)",
  );
});

Deno.test("The cache contains the refresh token and neither access token nor ID token", async () => {
  const { cache } = await signIn();
  const text = cache.reveal();
  assertStringIncludes(text, "refresh-token-1");
  assertEquals(/access-token-1|eyJ[\w-]+\.eyJ/.test(text), false);
  assertEquals(
    Object.keys(JSON.parse(text)).toSorted(),
    [
      "Account",
      "AccessToken",
      "AppMetadata",
      "Discovery",
      "IdToken",
      "RefreshToken",
    ].toSorted(),
  );
});

Deno.test("refresh() sends the saved refresh token and keeps the newest one", async () => {
  const first = await signIn();
  const second = await refresh(first, () => tokens(null, { body: { refresh_token: "refresh-token-2" } }));
  assertEquals(second.forms.map((form) => [form.get("grant_type"), form.get("refresh_token")]), [
    ["refresh_token", "refresh-token-1"],
  ]);
  const text = second.issued.cache.reveal();
  assertEquals([text.includes("refresh-token-1"), text.includes("refresh-token-2")], [false, true]);
  assertEquals(/access-token-1|eyJ[\w-]+\.eyJ/.test(text), false);
  const third = await refresh(second.issued, () => tokens(null));
  assertEquals(third.forms[0]?.get("refresh_token"), "refresh-token-2");
  assertEquals(third.issued.token.account, first.token.account);
});

Deno.test("refresh() keeps the old refresh token if the response has no new one", async () => {
  const { issued } = await refresh(
    await signIn(),
    () => tokens(null, { body: { refresh_token: undefined } }),
  );
  assertStringIncludes(issued.cache.reveal(), "refresh-token-1");
});

Deno.test("refresh() requests its own scopes, not those of the sign-in", async () => {
  const { forms } = await refresh(await signIn(), () => tokens(null), ["api://app/Files.Read"]);
  assertStringIncludes(forms[0]?.get("scope") ?? "", "api://app/Files.Read");
});

Deno.test("refresh() rejects tokens of another user and of another tenant", async () => {
  const before = await signIn();
  const bob = "b0b00000-1111-4222-8333-444444444444";
  const table: TokenChanges[] = [
    { uid: bob, claims: { oid: bob } },
    { uid: bob },
    { claims: { oid: bob } },
    { utid: OTHER_TENANT_ID },
    { claims: { tid: OTHER_TENANT_ID, iss: `${BASE}/${OTHER_TENANT_ID}/v2.0` } },
    { body: { client_info: undefined }, claims: { oid: bob } },
    { body: { id_token: undefined }, uid: bob },
  ];
  for (const changes of table) {
    const error = await assertRejects(() => refresh(before, () => tokens(null, changes)), CliError);
    assertEquals(error.code, "wrong_account", JSON.stringify(changes));
  }
});

Deno.test("refresh() accepts a response without id_token or client_info for the account that signed in", async () => {
  const before = await signIn();
  const bodies = [{ id_token: undefined }, { client_info: undefined }, {
    id_token: undefined,
    client_info: undefined,
  }];
  for (const body of bodies) {
    const first = await refresh(before, () => tokens(null, { body: { ...body, refresh_token: "newest" } }));
    assertEquals(accountOf(first.issued), accountOf(before));
    const second = await refresh(first.issued, () => tokens(null));
    assertEquals(second.forms[0]?.get("refresh_token"), "newest");
  }
});

Deno.test("refresh() passes on a new refresh token at once, and an empty text for one that is invalid for good", async () => {
  const before = await signIn();
  const changes = async (answer: Answer) => {
    const caches: string[] = [];
    const onCacheChange = (cache: Secret) => void caches.push(cache.reveal());
    await client(tinyAuthority(answer), { clock: new FakeClock(LATER_MS) })
      .refresh(before.cache, accountOf(before), { scopes: SCOPES, onCacheChange })
      .catch((error) => assert(error instanceof CliError));
    return caches;
  };
  const invalid = { refresh_token: "newest", access_token: undefined };
  const [rotated = "", ...others] = await changes(() => tokens(null, { body: invalid }));
  assertEquals([rotated.includes("newest"), rotated.includes("refresh-token-1"), others.length], [
    true,
    false,
    0,
  ]);
  assertEquals(await changes(() => tokens(null, { body: { refresh_token: undefined } })), []);
  const table: readonly [Record<string, unknown>, string[]][] = [
    [{ error: "invalid_grant" }, [""]],
    [{ error: "invalid_grant", suberror: "bad_token", error_description: "AADSTS50173: revoked" }, [""]],
    [{ error: "invalid_grant", error_description: "AADSTS700082: expired" }, [""]],
    [{ error: "invalid_grant", error_description: "AADSTS50076: second factor" }, []],
    [{ error: "invalid_grant", suberror: "consent_required" }, []],
    [{ error: "invalid_grant", claims: CLAIMS }, []],
    [{ error: "interaction_required" }, []],
    [{ error: "temporarily_unavailable", refresh_token: "newest" }, []],
  ];
  for (const [body, expected] of table) {
    assertEquals(await changes(() => jsonResponse(body, 400)), expected, JSON.stringify(body));
  }
});

Deno.test("refresh() reports interaction_required with the claims that the authority demands", async () => {
  const before = await signIn();
  const claims = '{"access_token":{"capolids":{"essential":true}}}';
  const table: Record<string, unknown>[] = [
    { error: "invalid_grant", error_description: "AADSTS700082: expired" },
    { error: "invalid_grant", suberror: "bad_token", error_description: "AADSTS50173: revoked" },
    { error: "interaction_required", error_description: "AADSTS50076: MFA", claims },
    { error: "invalid_grant", suberror: "consent_required", error_description: "AADSTS65001: no consent" },
  ];
  for (const body of table) {
    const error = await assertRejects(() => refresh(before, () => jsonResponse(body, 400)), CliError);
    assertEquals(error.code, "interaction_required", JSON.stringify(body));
    assertEquals(error.claims, body.claims);
    assertMatch(error.aadsts ?? "", /^AADSTS\d+$/);
  }
});

Deno.test("refresh() does not request a sign-in for an error that a sign-in cannot fix", async () => {
  const before = await signIn();
  const unregistered = jsonResponse({ error: "invalid_client", error_description: "AADSTS7000218: x" }, 401);
  const error = await assertRejects(() => refresh(before, () => unregistered), CliError);
  assertEquals(error.code, "sign_in_failed");
  const busy = await assertRejects(() => refresh(before, () => textResponse("", 503)), CliError);
  assertEquals(busy.code, "network");
});

Deno.test("refresh() reports interaction_required without a refresh token", async () => {
  const before = await signIn({ body: { refresh_token: undefined } });
  const error = await assertRejects(() => refresh(before, never), CliError);
  assertEquals(error.code, "interaction_required");
});

Deno.test("refresh() reports interaction_required for an unusable cache without quoting it", async () => {
  const before = await signIn();
  for (
    const text of [
      "",
      "{canary",
      "null",
      "[]",
      "{}",
      '"canary"',
      '{"Account":{"canary":null}}',
      '{"Account":1}',
    ]
  ) {
    const broken = { ...before, cache: new Secret(text) };
    const error = await assertRejects(() => refresh(broken, never), CliError);
    assertEquals(error.code, "interaction_required", text);
    assertEquals(Deno.inspect(error).includes("canary"), false);
  }
});

Deno.test("refresh() sends no refresh token of another account if the cache does not contain the account", async () => {
  const before = await signIn();
  const other = { ...accountOf(before), homeAccountId: `b0b00000-1111-4222-8333-444444444444.${TENANT_ID}` };
  const error = await assertRejects(
    () => client(tinyAuthority(never)).refresh(before.cache, other, { scopes: SCOPES }),
    CliError,
  );
  assertEquals([error.code, error.message], [
    "interaction_required",
    "The saved sign-in cannot be refreshed",
  ]);
});

Deno.test("refresh() finds an account whose IDs are in upper case", async () => {
  const uid = OBJECT_ID.toUpperCase();
  const utid = TENANT_ID.toUpperCase();
  const changes = { uid, utid };
  const before = await signIn(changes);
  assertEquals(accountOf(before).homeAccountId, `${uid}.${utid}`);
  const { issued } = await refresh(
    before,
    () => tokens(null, { ...changes, body: { refresh_token: "new-one" } }),
  );
  assertEquals(accountOf(issued), accountOf(before));
  assertStringIncludes(issued.cache.reveal(), "new-one");
});

Deno.test("A sign-in through common belongs to the tenant of its token, and so does its refresh", async () => {
  const before = await signIn({}, "common");
  assertEquals(accountOf(before).tenantId, TENANT_ID);
  const authority = tinyAuthority(() => tokens(null));
  const common = client(authority, { tenant: "common", clock: new FakeClock(LATER_MS) });
  const issued = await common.refresh(before.cache, accountOf(before), { scopes: SCOPES });
  assertEquals(issued.token.account, before.token.account);
  authority.metadata = jsonResponse({ ...goodMetadata(), issuer: `${BASE}/{tenantid}/v2.0` });
  const claims = { tid: OTHER_TENANT_ID, iss: `${BASE}/${OTHER_TENANT_ID}/v2.0` };
  authority.answer = () => tokens(null, { claims });
  const error = await assertRejects(
    () => common.refresh(before.cache, accountOf(before), { scopes: SCOPES }),
    CliError,
  );
  assertEquals(error.code, "wrong_account");
});

Deno.test("No printed error or token contains code, verifier, nonce or token", async () => {
  const authority = tinyAuthority(never);
  const { transaction, parameters } = await begin(authority);
  authority.answer = () => tokens(parameters.get("nonce"));
  const issued = await transaction.redeem(new Secret("the-code"));
  const verifier = authority.forms[0]?.get("code_verifier") ?? "";
  authority.answer = () => textResponse("the-code", 200);
  const error = await assertRejects(() => transaction.redeem(new Secret("the-code")));
  const printed = Deno.inspect([issued, error, transaction], { depth: 10 }) +
    JSON.stringify([issued, transaction]);
  for (
    const secret of ["the-code", verifier, parameters.get("nonce") ?? "", "access-token-1", "refresh-token-1"]
  ) {
    assertEquals(secret !== "" && printed.includes(secret), false);
  }
});
