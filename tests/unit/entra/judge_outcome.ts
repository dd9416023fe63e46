import { assert, assertEquals, assertMatch } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import type { TokenResult } from "../../../src/flows/get_token.ts";
import type { Session } from "../../../src/store/session.ts";
import { CLIENT_ID, HOST, NOW, OBJECT_ID, TENANT_ID } from "./entra_fixture.ts";
import { ask, type Document, type Grant, honest, type Outcome } from "./lied_to.ts";
import { CANARY } from "./lies.ts";

/** What a lie may end in. */
const NAMED = ["invalid_response", "wrong_account", "sign_in_failed", "interaction_required"];
/** The authority's own words about an error, which are shown, made plain. */
const SHOWN = ["error", "error_description", "error_codes", "claims"];
const SECRETS = /access-token-1|refresh-token-1|the-code|device-code-1|client-secret-1/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const VERIFICATION_HOSTS = [HOST, "microsoft.com"];

function parse(outcome: Outcome, document: Document): Record<string, unknown> {
  return JSON.parse(outcome.sent.get(document) ?? "{}");
}

/** An error has a name, says no secret and nothing that could move a terminal, and nothing was kept. */
function judgeError(error: unknown, outcome: Outcome, before: readonly Session[], field: string): void {
  assert(error instanceof CliError, `an unexpected error: ${error}`);
  assert(NAMED.includes(error.code), `the error is ${error.code}`);
  const { message, hint = "", cause } = error;
  const said = `${message}\n${hint}\n${Deno.inspect(cause)}`;
  assert(!SECRETS.test(said), `a secret in: ${said}`);
  assert(!CONTROL.test(message + hint), `control characters in: ${message}`);
  if (!SHOWN.includes(field)) assert(!said.includes(CANARY), `the lie is repeated: ${said}`);
  assert(outcome.sessions.every((session, index) => session === before[index]), "something was kept");
  assertEquals(outcome.sessions.length, before.length, "sessions that are kept");
}

/** A success is what the authority said, and all that it said is right. */
function judgeSuccess({ token }: TokenResult, grant: Grant, outcome: Outcome): void {
  const body = parse(outcome, "token response");
  assertEquals(token.accessToken.reveal(), body.access_token);
  assertMatch(token.accessToken.reveal(), /^[\w\-.~+/]+=*$/);
  assertMatch(String(body.token_type), /^bearer$/i);
  const life = token.expiresAt - NOW - (grant === "device code" ? 60 : 0);
  assert(Number.isInteger(token.expiresAt) && life <= 86_400 && token.expiresAt > NOW, `a life of ${life} s`);
  for (const scope of token.scopes) assertMatch(scope, /^[\x21-\x7e]+$/);
  if (grant === "client credentials") assertEquals(token.account, null);
  else judgeAccount(token.account, grant, outcome);
  assertEquals(outcome.sessions.length, 1, "sessions that are kept");
}

function judgeAccount(account: TokenResult["token"]["account"], grant: Grant, outcome: Outcome): void {
  assert(account !== null, "no account");
  const claims = parse(outcome, "ID token");
  assertEquals(claims.iss, `https://${HOST}/${TENANT_ID}/v2.0`);
  assertEquals(claims.aud, CLIENT_ID);
  assertEquals([claims.tid, account.tenantId], [TENANT_ID, TENANT_ID]);
  assertEquals(account.objectId, claims.oid);
  if (outcome.nonce !== null) assertEquals(claims.nonce, outcome.nonce);
  assert(Number(claims.exp) >= NOW - 300 && Number(claims.iat) <= NOW + 300 + 60, "its times are right");
  assert(!CONTROL.test(account.username) && account.username.length <= 321, "a name fit to be shown");
  const { uid, utid } = parse(outcome, "client info");
  // Where an authority sends no client_info, the subject tells its accounts apart.
  const ids = [`${spelt(uid)}.${spelt(utid)}`.toLowerCase(), claims.sub];
  assert(ids.includes(account.homeAccountId.toLowerCase()), `the account is ${account.homeAccountId}`);
  assertMatch(account.homeAccountId, /^[\x21-\x7e]{1,300}$/);
  if (grant === "refresh") {
    assertEquals([account.objectId, account.homeAccountId], [OBJECT_ID, `${OBJECT_ID}.${TENANT_ID}`]);
  }
}

/** As MSAL puts a value into an id; empty where it has to give up. */
function spelt(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "";
  }
}

/** Whatever is answered: nobody else is asked, nothing is asked without end, and what people are shown can be trusted. */
function judgeManners({ hosts, codes, forms }: Outcome): void {
  assertEquals(hosts.filter((host) => host !== HOST), [], "hosts besides the authority's");
  assert(forms.length <= 1, "one request for tokens at most");
  for (const { userCode, verificationUri, verificationUriComplete } of codes) {
    assert(!CONTROL.test(userCode) && userCode.length <= 65, "a code fit to be shown");
    for (const address of [verificationUri, verificationUriComplete ?? verificationUri]) {
      const { protocol, host } = new URL(address);
      assertEquals([protocol, VERIFICATION_HOSTS.includes(host)], ["https:", true], address);
    }
  }
}

/** Fails where a lie in `field` got through: `before` is what the store held. */
export function judge(grant: Grant, outcome: Outcome, before: readonly Session[], field: string): void {
  judgeManners(outcome);
  const { result } = outcome;
  if ("token" in result) judgeSuccess(result.token, grant, outcome);
  else judgeError(result.error, outcome, before, field);
}

/** What the next run makes of the session that a lie left: the same user's token, or a sign-in that is asked for. */
export async function judgeWhatIsKept({ sessions }: Outcome): Promise<void> {
  const { result, forms } = await ask("refresh", honest, sessions);
  const sent = forms.map((form) => form.get("refresh_token") ?? "");
  for (const refreshToken of sent) {
    assertMatch(refreshToken, /^[\x20-\x7e]+$/, "the refresh token that is sent");
  }
  for (const refreshToken of sent) assert(refreshToken !== "[object Object]", "an object as refresh token");
  if ("token" in result) {
    assertEquals(result.token.token.account?.homeAccountId, sessions[0]?.account?.homeAccountId);
  } else {
    assert(result.error instanceof CliError, `an unexpected error: ${result.error}`);
    assert(["interaction_required", "wrong_account"].includes(result.error.code), result.error.code);
  }
}
