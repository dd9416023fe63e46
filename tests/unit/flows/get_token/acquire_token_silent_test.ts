import { assertEquals, assertStrictEquals } from "@std/assert";
import { updateSession } from "../../../../src/flows/get_token/acquire_token_silent.ts";
import { Secret } from "../../../../src/text/secret.ts";
import type { Session } from "../../../../src/store/session.ts";

const NOW = 1_766_923_200;
const KEY = {
  identity: null,
  profile: "work",
  authority: "https://login.example",
  tenant: "t",
  clientId: "c",
};

function after(previous: Session | null, scopes: string[], seconds: number): Session {
  const token = {
    accessToken: new Secret(scopes.join("+")),
    tokenType: "Bearer",
    scopes,
    expiresAt: NOW + seconds + 3600,
    account: null,
  } as const;
  const cache = new Secret("cache");
  return updateSession({ key: KEY, scopes }, { token, cache }, previous, (NOW + seconds) * 1000 + 999);
}

function names(session: Session): string[] {
  return session.tokens.map((token) => token.accessToken.reveal());
}

Deno.test("updateSession() records when the token was obtained, and the requested scopes", () => {
  const session = after(null, ["User.Read"], 0);
  assertEquals(session.tokens[0]?.obtainedAt, NOW);
  assertEquals(session.tokens[0]?.requestedScopes, ["User.Read"]);
  assertEquals(session.msalCache.reveal(), "cache");
  assertEquals(session.profile, "work");
});

Deno.test("updateSession() replaces the token of the same scopes in any order and spelling", () => {
  const first = after(null, ["User.Read", "Mail.Read"], 0);
  const second = after(first, ["mail.read", "https://graph.microsoft.com/User.Read"], 10);
  assertEquals(second.tokens.length, 1);
  assertEquals(second.tokens[0]?.obtainedAt, NOW + 10);
});

Deno.test("updateSession() keeps the tokens of other scopes until they expire, newest first", () => {
  const second = after(after(null, ["a/x"], 0), ["b/x"], 10);
  assertEquals(names(second), ["b/x", "a/x"]);
  assertEquals(names(after(second, ["c/x"], 3605)), ["c/x", "b/x"]);
});

Deno.test("updateSession() drops earlier tokens after a sign-in", () => {
  assertEquals(names(after(null, ["b/x"], 10)), ["b/x"]);
});

Deno.test("updateSession() keeps at most twenty tokens", () => {
  let session: Session | null = null;
  for (let count = 0; count < 25; count++) session = after(session, [`a/${count}`], count);
  assertEquals(session?.tokens.length, 20);
  assertEquals(session && names(session)[0], "a/24");
  assertStrictEquals(session && names(session).includes("a/4"), false);
});
