import { assertEquals } from "@std/assert";
import { forgetAccessTokens } from "../../../../src/flows/tokens/forget_tokens.ts";
import { Secret } from "../../../../src/text/secret.ts";
import type { Session } from "../../../../src/store/session.ts";
import { sampleSession } from "../../../support/fixtures/store_fixture.ts";
import { MemoryStore } from "../../../support/fixtures/memory_store.ts";

function session(profile: string, ...tokens: [string, string][]): Session {
  const sample = sampleSession(profile);
  const [token] = sample.tokens;
  if (token === undefined) throw new Error("no token");
  return {
    ...sample,
    tokens: tokens.map(([text, scope]) => ({
      ...token,
      accessToken: new Secret(text),
      scopes: [scope],
      requestedScopes: [scope],
    })),
  };
}

function kept(store: MemoryStore): string[] {
  return store.sessions.flatMap(({ tokens }) => tokens.map(({ accessToken }) => accessToken.reveal()));
}

function storeOf(...sessions: Session[]): MemoryStore {
  const store = new MemoryStore();
  store.sessions = sessions;
  return store;
}

const { signal } = new AbortController();

Deno.test("forgetAccessTokens() drops the one token of the profile that is known, in its turn, and no sign-in", async () => {
  const store = storeOf(
    session("work", ["refused", "repos"], ["mail", "Mail.Read"]),
    session("other", ["refused", "repos"]),
  );
  await forgetAccessTokens("work", { accessToken: new Secret("refused") }, { store, signal });
  assertEquals(kept(store).toSorted(), ["mail", "refused"]);
  assertEquals(store.sessions.map(({ profile }) => profile).toSorted(), ["other", "work"]);
  assertEquals(store.calls, ["exclusively work", "save", "let go"]);
});

Deno.test("forgetAccessTokens() drops the tokens that cover the scopes", async () => {
  const store = storeOf(session("work", ["a", "Repos/x"], ["b", "repos/X"], ["c", "Mail.Read"]));
  await forgetAccessTokens("work", { scopes: ["repos/x"] }, { store, signal });
  assertEquals(kept(store), ["c"]);
});

Deno.test("forgetAccessTokens() leaves a token alone that another process put in the place of the refused one", async () => {
  const store = storeOf(session("work", ["fresh", "repos"]));
  await forgetAccessTokens("work", { accessToken: new Secret("refused") }, { store, signal });
  assertEquals([kept(store), store.calls], [["fresh"], []], "and takes no turn for it");

  const late = storeOf(session("work", ["refused", "repos"]));
  late.beforeTurn = () => late.sessions = [session("work", ["fresh", "repos"])];
  await forgetAccessTokens("work", { accessToken: new Secret("refused") }, { store: late, signal });
  assertEquals(kept(late), ["fresh"]);
});
