import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { forgetAccessTokens, forgetTokens } from "../../../../src/flows/tokens/forget_tokens.ts";
import type { Session } from "../../../../src/store/session.ts";
import type { TokenStore } from "../../../../src/store/token_store.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { MemoryProfileStore, WORK } from "../../../support/fixtures/command_fixture.ts";
import { sampleSession } from "../../../support/fixtures/store_fixture.ts";
import { MemoryStore } from "../../../support/fixtures/memory_store.ts";

const { signal } = new AbortController();
const profiles = new MemoryProfileStore([WORK]);

function storeThatForgets(forget: () => Promise<number>, movedTo: string | null): TokenStore {
  const unused = () => Promise.reject(new Error("not part of this"));
  return {
    forget,
    renewKey: () => Promise.resolve("renewed"),
    moveAside: () => Promise.resolve(movedTo),
    readSecrets: () => Promise.reject(new Error("not part of it")),
    saveSecrets: () => Promise.reject(new Error("not part of it")),
    read: unused,
    save: unused,
    rebind: unused,
    reserveSave: unused,
    summaries: unused,
    list: unused,
    drop: unused,
    rename: unused,
    exclusively: unused,
    keyPlace: unused,
  };
}

Deno.test("forgetTokens() returns the number of sign-ins that were dropped", async () => {
  const store = storeThatForgets(() => Promise.resolve(2), "/nowhere");
  assertEquals(await forgetTokens("work", { store, profiles, signal }), { kind: "forgotten", sessions: 2 });
});

Deno.test("forgetTokens() moves an unreadable store aside", async () => {
  const unreadable = new CliError("unreadable_store", "damaged");
  const store = storeThatForgets(() => Promise.reject(unreadable), "/home/me/aside");
  assertEquals(await forgetTokens("work", { store, profiles, signal }), {
    kind: "moved-aside",
    path: "/home/me/aside",
    reason: "damaged",
  });
});

Deno.test("forgetTokens() leaves the file if the store fails for another reason", async () => {
  const store = storeThatForgets(
    () => Promise.reject(new CliError("store", "the disk is full")),
    "/home/me/aside",
  );
  await assertRejects(() => forgetTokens("work", { store, profiles, signal }), CliError, "the disk is full");
});

Deno.test("forgetTokens() of all profiles forgets each once, including deleted ones", async () => {
  const store = new MemoryStore();
  store.sessions = [
    sampleSession("work"),
    { ...sampleSession("work"), tenant: "another" },
    sampleSession("deleted"),
  ];
  assertEquals(await forgetTokens(null, { store, profiles, signal }), { kind: "forgotten", sessions: 3 });
  assertEquals(store.sessions, []);
  assertEquals(await forgetTokens(null, { store, profiles, signal }), { kind: "forgotten", sessions: 0 });
});

Deno.test("forgetTokens() gives the profile another generation, so that older copies of its tokens are invalid", async () => {
  const store = new MemoryStore();
  const identity = { id: "f".repeat(32), generation: 3 };
  const owners = new MemoryProfileStore([WORK]);
  owners.ids.set("work", identity);
  store.sessions = [{ ...sampleSession("work"), identity }];
  await forgetTokens("work", { store, profiles: owners, signal });
  assertEquals((await owners.lookUp("work")).identity, { ...identity, generation: 4 });
});

Deno.test("forgetTokens() of all profiles moves an unreadable store aside", async () => {
  const store = storeThatForgets(() => Promise.resolve(0), "/home/me/aside");
  store.list = () => Promise.reject(new CliError("unreadable_store", "damaged"));
  assertEquals(await forgetTokens(null, { store, profiles, signal }), {
    kind: "moved-aside",
    path: "/home/me/aside",
    reason: "damaged",
  });
});

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

Deno.test("forgetAccessTokens() drops the given token of the profile under its lock, and no sign-in", async () => {
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

Deno.test("forgetAccessTokens() keeps a token that another process put in place of the refused one", async () => {
  const store = storeOf(session("work", ["fresh", "repos"]));
  await forgetAccessTokens("work", { accessToken: new Secret("refused") }, { store, signal });
  assertEquals([kept(store), store.calls], [["fresh"], []], "and takes no turn for it");

  const late = storeOf(session("work", ["refused", "repos"]));
  late.beforeTurn = () => late.sessions = [session("work", ["fresh", "repos"])];
  await forgetAccessTokens("work", { accessToken: new Secret("refused") }, { store: late, signal });
  assertEquals(kept(late), ["fresh"]);
});
