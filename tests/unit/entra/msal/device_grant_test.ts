import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { createTokenClient } from "../../../../src/entra/msal/msal_token_client.ts";
import type { DeviceCode, IssuedTokens } from "../../../../src/entra/token_client.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";
import {
  BASE,
  CLIENT_ID,
  goodDeviceCode,
  jsonResponse,
  NOW,
  NOW_MS,
  OBJECT_ID,
  OTHER_TENANT_ID,
  TENANT_ID,
} from "../../../support/fixtures/entra_fixture.ts";
import {
  type Answer,
  type TinyAuthority,
  tinyAuthority,
  type TokenChanges,
  tokens,
} from "../../../support/fixtures/tiny_authority.ts";

const pending = () => jsonResponse({ error: "authorization_pending" }, 400);

interface Attempt {
  readonly codes: DeviceCode[];
  readonly clock: FakeClock;
  readonly issued: Promise<IssuedTokens>;
}

function attempt(
  { network }: TinyAuthority,
  signal = new AbortController().signal,
  claims?: string,
): Attempt {
  const clock = new FakeClock(NOW_MS);
  const codes: DeviceCode[] = [];
  const client = createTokenClient({
    profile: "default",
    authority: BASE,
    tenant: TENANT_ID,
    clientId: CLIENT_ID,
    network,
    clock,
    signal: new AbortController().signal,
  });
  const request = { scopes: ["User.Read"], ...(claims === undefined ? {} : { claims }) };
  const issued = client.signInWithDeviceCode(request, (code) => codes.push(code), signal);
  return { codes, clock, issued };
}

/** Sends these responses in turn. */
function inTurn(...answers: Answer[]): Answer {
  return (form) => (answers.shift() ?? pending)(form);
}

async function failure(authority: TinyAuthority): Promise<{ error: CliError; codes: DeviceCode[] }> {
  const { codes, issued } = attempt(authority);
  return { error: await assertRejects(() => issued, CliError), codes };
}

async function signIn(changes: TokenChanges = {}): Promise<IssuedTokens> {
  return await attempt(tinyAuthority(() => tokens(null, changes))).issued;
}

Deno.test("signInWithDeviceCode() shows the code, polls and returns validated tokens", async () => {
  const authority = tinyAuthority(inTurn(pending, pending, () => tokens(null)));
  const { codes, clock, issued } = attempt(authority);
  const { token } = await issued;
  assertEquals(codes, [{
    userCode: "ABCD-EFGH",
    verificationUri: "https://microsoft.com/devicelogin",
    verificationUriComplete: null,
    expiresInSeconds: 900,
    clientId: CLIENT_ID,
    tenant: TENANT_ID,
  }]);
  assertEquals(clock.waits, [5000, 5000, 5000]);
  assertEquals(token.expiresAt, NOW + 15 + 3600, "counted from when the token came");
  assertEquals(token.account?.homeAccountId, `${OBJECT_ID}.${TENANT_ID}`);
  assertEquals(authority.forms.length, 3);
  for (const form of authority.forms) {
    assertEquals([form.get("grant_type"), form.get("device_code")], ["device_code", "device-code-1"]);
  }
});

Deno.test("signInWithDeviceCode() requests the scopes, a refresh token and the demanded claims", async () => {
  const authority = tinyAuthority(() => tokens(null));
  await attempt(authority, undefined, '{"access_token":{"x":{"essential":true}}}').issued;
  const request = authority.network.requests.find(({ url }) => url.endsWith("/devicecode"));
  const form = new URLSearchParams(String(request?.body ?? ""));
  assertEquals(
    new Set(form.get("scope")?.split(" ")),
    new Set(["User.Read", "openid", "profile", "offline_access"]),
  );
  assertEquals(form.get("client_id"), CLIENT_ID);
  assertStringIncludes(form.get("claims") ?? "", '"x":{"essential":true}');
});

Deno.test("signInWithDeviceCode() rejects an invalid token response and tokens of another sign-in", async () => {
  for (const body of [{}, { access_token: "" }, { expires_in: 0 }, { token_type: "pop" }]) {
    const answer = Object.keys(body).length === 0 ? jsonResponse({}) : tokens(null, { body });
    const { error } = await failure(tinyAuthority(() => answer));
    assertEquals(error.code, "invalid_response", JSON.stringify(body));
  }
  const wrong: [Record<string, unknown>, string][] = [
    [{ aud: OTHER_TENANT_ID }, "invalid_response"],
    [{ iss: "https://evil.example" }, "invalid_response"],
    [{ exp: NOW - 3600, iat: NOW - 7200 }, "invalid_response"],
    [{ tid: OTHER_TENANT_ID, iss: `${BASE}/${OTHER_TENANT_ID}/v2.0` }, "wrong_account"],
  ];
  for (const [claims, code] of wrong) {
    assertEquals(
      (await assertRejects(() => signIn({ claims }), CliError)).code,
      code,
      JSON.stringify(claims),
    );
  }
});

Deno.test("signInWithDeviceCode() requires an ID token but no refresh token", async () => {
  const error = await assertRejects(() => signIn({ body: { id_token: undefined } }), CliError);
  assertEquals([error.code, error.message], ["invalid_response", "The token response has no ID token"]);
  const { token } = await signIn({ body: { refresh_token: undefined } });
  assertEquals(token.account?.objectId, OBJECT_ID);
});

Deno.test("signInWithDeviceCode() reports an error of the first request as plain text and does not poll", async () => {
  const authority = tinyAuthority(pending);
  authority.deviceCode = jsonResponse({
    error: "unauthorized_client",
    error_description: "AADSTS99999: \x1b[2JNot \u202efor you.\r\nTrace ID: x",
  }, 400);
  const { error, codes } = await failure(authority);
  assertEquals([error.code, error.message], [
    "sign_in_failed",
    "Sign-in failed: AADSTS99999:  [2JNot  for you.",
  ]);
  assertEquals([codes, authority.forms.length], [[], 0]);
});

Deno.test("signInWithDeviceCode() shows no code for an unknown page", async () => {
  const authority = tinyAuthority(pending);
  authority.deviceCode = jsonResponse({ ...goodDeviceCode(), verification_uri: "https://evil.example/" });
  const { error, codes } = await failure(authority);
  assertEquals([error.code, codes.length, authority.forms.length], ["invalid_response", 0, 0]);
});

Deno.test("signInWithDeviceCode() polls every five seconds until the time limit, even for odd responses", async () => {
  for (const odd of [{ interval: 0 }, { interval: -5 }, { interval: undefined }, { expires_in: -1 }]) {
    const authority = tinyAuthority(pending);
    authority.deviceCode = jsonResponse({ ...goodDeviceCode(), ...odd });
    const { error } = await failure(authority);
    assertEquals([error.code, authority.forms.length], ["timeout", 179], JSON.stringify(odd));
  }
});

Deno.test("signInWithDeviceCode() continues after slow_down, a broken connection and a busy service, unlike MSAL", async () => {
  const slowDown = () => jsonResponse({ error: "slow_down" }, 400);
  const broken = () => {
    throw new CliError("network", "reset");
  };
  const busy = () => jsonResponse({ error: "temporarily_unavailable" }, 503);
  const authority = tinyAuthority(inTurn(slowDown, broken, busy, () => tokens(null)));
  const { clock, issued } = attempt(authority);
  await issued;
  assertEquals(clock.waits, [5000, 10_000, 20_000, 40_000]);
});

Deno.test("signInWithDeviceCode() sends no poll while the authority demands a pause and leaves retries to the polling", async () => {
  const authority = tinyAuthority(() => tokens(null));
  await attempt(authority).issued;
  const sent = authority.network.requests.map(({ retry, obeysThrottle }) => [retry, obeysThrottle]).slice(
    -2,
  );
  assertEquals(sent, [["never", true], ["never", true]]);
});

Deno.test("signInWithDeviceCode() ends with the reason of its signal and sends nothing more", async () => {
  const reason = new CliError("interrupted", "Interrupted");
  const controller = new AbortController();
  const authority = tinyAuthority(() => {
    controller.abort(reason);
    return pending();
  });
  const { issued } = attempt(authority, controller.signal);
  assertEquals(await assertRejects(() => issued), reason);
  assertEquals(authority.forms.length, 1);
});
