import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/text/secret.ts";
import type { Session } from "../../../../src/store/session.ts";
import {
  ADA,
  FORCED,
  LIFE_SECONDS,
  mustNot,
  NETWORK_DOWN,
  REQUEST,
  shown,
  TestHarness,
} from "../../../support/fixtures/token_harness.ts";

const CLAIMS = '{"access_token":{"x":null}}';

Deno.test("getToken() goes from sign-in to cache, refresh, fallback, another sign-in, --force and --no-cache", async () => {
  const world = new TestHarness();

  world.signIn = () => world.issue("one");
  assertEquals(shown(await world.get()), ["one", "interactive", true]);
  assertEquals(world.asked, [{ scopes: ["User.Read"], prompt: "select_account" }]);
  assertEquals(world.kinds(), ["signed-in", "signed-in-as"]);
  world.signIn = () => mustNot("ask the user");

  world.clock.move(1000);
  assertEquals(shown(await world.get()), ["one", "cache", true]);
  assertEquals(world.kinds(), ["using-cached-token"]);

  world.clock.move(2400);
  world.refresh = () => world.issue("two");
  assertEquals(shown(await world.get()), ["two", "refresh", true]);
  assertEquals(world.events[0], { kind: "refreshing", expired: false });
  assertEquals(world.kinds(), ["refreshing", "refreshed"]);

  world.clock.move(3500);
  world.refresh = () => {
    throw NETWORK_DOWN;
  };
  assertEquals(shown(await world.get()), ["two", "cache", true]);
  assertEquals(world.kinds(), ["refreshing", "refresh-failed"]);

  world.clock.move(200);
  assertStrictEquals(await assertRejects(() => world.get()), NETWORK_DOWN);
  assertEquals(world.events[0], { kind: "refreshing", expired: true });
  world.events.length = 0;

  const claims = '{"access_token":{}}';
  world.refresh = () => {
    throw new CliError("interaction_required", "MFA", { claims });
  };
  world.signIn = () => world.issue("three");
  world.asked.length = 0;
  assertEquals(shown(await world.get()), ["three", "interactive", true]);
  assertEquals(world.asked, [{ scopes: ["User.Read"], loginHint: "ada@contoso.example", claims }]);
  assertEquals(world.kinds(), ["refreshing", "sign-in-needed", "signed-in", "signed-in-as"]);

  world.refresh = () => mustNot("refresh");
  world.signIn = () => world.issue("four");
  assertEquals(shown(await world.get(FORCED)), ["four", "interactive", true]);

  world.signIn = () => world.issue("five");
  assertEquals(shown(await world.get({ ...FORCED, useStore: false })), ["five", "interactive", false]);
  world.signIn = () => mustNot("ask the user");
  assertEquals(shown(await world.get()), ["four", "cache", true]);

  assertEquals(world.refreshedWith, ["cache of one", "cache of two", "cache of two", "cache of two"]);
});

Deno.test("getToken() returns a cached token without loading the token client or taking a lock", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  await world.get();
  assertEquals(world.clientsLoaded, 0);
  assertEquals(world.store.calls, ["read"]);
});

Deno.test("getToken() returns a cached token with 300 seconds left and refreshes one with 299", async () => {
  for (
    const [left, source] of [[301, "cache"], [300, "cache"], [299, "refresh"], [0, "refresh"], [
      -1,
      "refresh",
    ]] as const
  ) {
    const world = new TestHarness();
    await world.signInWith("one");
    world.clock.move(LIFE_SECONDS - left);
    world.refresh = () => world.issue("two");
    assertEquals((await world.get()).source, source, `${left} s left`);
  }
});

Deno.test("getToken() reports an expired token only if it has expired", async () => {
  for (const [left, expired] of [[299, false], [1, false], [0, true], [-1, true]] as const) {
    const world = new TestHarness();
    await world.signInWith("one");
    world.clock.move(LIFE_SECONDS - left);
    world.refresh = () => world.issue("two");
    await world.get();
    assertEquals(world.events[0], { kind: "refreshing", expired }, `${left} s left`);
  }
});

Deno.test("getToken() falls back on a token that has not expired if the authority can't be reached", async () => {
  // A captive portal answers in the authority's place, with something else.
  const failures = [NETWORK_DOWN, new CliError("invalid_response", "a page of the hotel")];
  for (const failure of failures) {
    for (const [left, isServed] of [[299, true], [1, true], [0, false]] as const) {
      const world = new TestHarness();
      await world.signInWith("one");
      world.clock.move(LIFE_SECONDS - left);
      world.refresh = () => {
        throw failure;
      };
      if (isServed) assertEquals(shown(await world.get()), ["one", "cache", true]);
      else assertStrictEquals(await assertRejects(() => world.get()), failure);
    }
  }
});

Deno.test("getToken() does not return a cached token if a refresh was requested", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  const request = { ...REQUEST, acceptCached: false, mayPrompt: false };
  world.refresh = () => world.issue("two");
  assertEquals(shown(await world.get(request)), ["two", "refresh", true]);
  world.refresh = () => {
    throw NETWORK_DOWN;
  };
  assertStrictEquals(await assertRejects(() => world.get(request)), NETWORK_DOWN);
});

Deno.test("getToken() ignores a token that was obtained in the future", async () => {
  for (const [back, source] of [[300, "cache"], [301, "refresh"], [10 * 365 * 86_400, "refresh"]] as const) {
    const world = new TestHarness();
    await world.signInWith("one");
    world.clock.move(-back);
    world.refresh = () => world.issue("two");
    assertEquals((await world.get()).source, source, `${back} s back`);
  }
});

Deno.test("getToken() returns a cached token for a subset of its scopes, but not for others", async () => {
  const world = new TestHarness();
  await world.signInWith("one", { ...REQUEST, scopes: ["User.Read", "Mail.Read"] }, [
    "User.Read",
    "Mail.Read",
  ]);
  const mail = { ...REQUEST, scopes: ["https://graph.microsoft.com/mail.read", "openid"] };
  assertEquals(shown(await world.get(mail)), ["one", "cache", true]);
  const scopes = ["Mail.Read", "Calendars.Read"];
  world.refresh = (asked) => {
    assertEquals(asked, scopes);
    return world.issue("two", scopes);
  };
  assertEquals(shown(await world.get({ ...REQUEST, scopes })), ["two", "refresh", true]);
  world.refresh = () => mustNot("refresh");
  assertEquals(shown(await world.get(mail)), ["two", "cache", true]);
  assertEquals(shown(await world.get()), ["one", "cache", true]);
});

Deno.test("getToken() does not refresh on every run if the authority spells the scopes differently", async () => {
  const world = new TestHarness();
  const request = { ...REQUEST, scopes: ["api://app/.default"] };
  await world.signInWith("one", request, ["api://app/Files.Read"]);
  assertEquals(shown(await world.get(request)), ["one", "cache", true]);
});

Deno.test("getToken() reports the scopes that were not granted, except .default", async () => {
  const world = new TestHarness();
  world.signIn = () => world.issue("one");
  await world.get({ ...REQUEST, scopes: ["User.Read", "Mail.Read", "offline_access"] });
  assertEquals(world.events.at(-1), { kind: "scopes-missing", scopes: ["Mail.Read"] });
  world.events.length = 0;
  const graph = ["https://graph.microsoft.com/.default"];
  await world.get({ ...FORCED, scopes: graph });
  assertEquals(world.kinds(), ["default-scope-in-browser", "signed-in", "signed-in-as"]);
  // Only in the browser is it worse than naming what is needed, and other APIs may have nothing to name.
  await world.get({ ...FORCED, flow: "device-code", scopes: graph });
  assertEquals(world.kinds(), ["signed-in", "signed-in-as"]);
  await world.get({ ...FORCED, scopes: ["https://vault.azure.net/.default"] });
  assertEquals(world.kinds(), ["signed-in", "signed-in-as"]);
});

Deno.test("getToken() sends no refresh whose result can't be saved, and returns a token that has not expired", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS - 60);
  const error = new CliError("store", "disk full");
  world.store.saveError = error;
  assertEquals(shown(await world.get()), ["one", "cache", true]);
  assertEquals(world.events, [{ kind: "refresh-failed", error }]);
  world.clock.move(60);
  assertStrictEquals(await assertRejects(() => world.get()), error);
});

Deno.test("getToken() saves a changed cache although the refresh failed, unless the token is of another account", async () => {
  for (const code of ["invalid_response", "network", "unexpected", "wrong_account"] as const) {
    const world = new TestHarness();
    await world.signInWith("one");
    world.clock.move(LIFE_SECONDS);
    world.refresh = () => {
      world.refreshOptions.at(-1)?.onCacheChange?.(new Secret("rotated"));
      throw new CliError(code, "broken");
    };
    await assertRejects(() => world.get(), CliError, "broken");
    await assertRejects(() => world.get(), CliError, "broken");
    const expected = code === "wrong_account" ? "cache of one" : "rotated";
    assertEquals(world.refreshedWith, ["cache of one", expected], code);
  }
});

Deno.test("getToken() sends no refresh after the authority declared the refresh token invalid", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS);
  world.refresh = () => {
    world.refreshOptions.at(-1)?.onCacheChange?.(new Secret(""));
    throw new CliError("interaction_required", "Revoked", { aadsts: "AADSTS50173" });
  };
  const silent = { ...REQUEST, mayPrompt: false, acceptCached: false };
  for (let run = 1; run <= 2; run++) {
    const error = await assertRejects(() => world.get(silent), CliError, "Revoked");
    assertEquals([error.code, error.aadsts], ["interaction_required", "AADSTS50173"]);
  }
  assertEquals(world.refreshedWith.length, 1);
  await world.signInWith("two");
  assertEquals(shown(await world.get()), ["two", "cache", true]);
});

Deno.test("getToken() returns the token of a sign-in if it can't be saved, and reports why", async () => {
  const world = new TestHarness();
  const error = new CliError("store", "disk full");
  world.store.saveError = error;
  world.signIn = () => world.issue("two");
  assertEquals(shown(await world.get(FORCED)), ["two", "interactive", false]);
  assertEquals(world.events.find(({ kind }) => kind === "not-saved"), { kind: "not-saved", error });
  world.signIn = () => world.issue("three");
  assertEquals(shown(await world.get(FORCED)), ["three", "interactive", false]);
});

Deno.test("getToken() saves a new refresh token again if the first attempt fails", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  const error = new CliError("store", "locked by another process");
  const refreshAs = async (token: string, repair: () => void) => {
    world.store.saveError = null;
    world.clock.move(LIFE_SECONDS);
    world.clock.onWait = repair;
    world.refresh = () => {
      world.store.saveError = error;
      return world.issue(token);
    };
    return shown(await world.get());
  };
  assertEquals(await refreshAs("two", () => void (world.store.saveError = null)), ["two", "refresh", true]);
  assertEquals(await refreshAs("three", () => {}), ["three", "refresh", false]);
  assertEquals(world.events.filter(({ kind }) => kind === "not-saved"), [
    { kind: "not-saved", error, losesRefreshToken: true },
  ]);
});

Deno.test("getToken() uses the token that another process got while this one waited for the lock", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS);
  world.store.beforeTurn = () => {
    world.store.sessions = world.store.sessions.map((session): Session => ({
      ...session,
      tokens: session.tokens.map((token) => ({
        ...token,
        accessToken: new Secret("of another process"),
        obtainedAt: world.clock.now() / 1000,
        expiresAt: world.clock.now() / 1000 + LIFE_SECONDS,
      })),
    }));
  };
  assertEquals(shown(await world.get()), ["of another process", "cache", true]);
  assertEquals(world.kinds(), ["using-cached-token"]);
});

Deno.test("getToken() refreshes under the profile's lock, and never prompts under it", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS);
  world.refresh = () => {
    throw new CliError("interaction_required", "expired");
  };
  world.signIn = () => {
    assertEquals(world.store.calls.at(-1), "begin");
    return world.issue("two");
  };
  await world.get();
  assertEquals(world.store.calls, [
    "read",
    ...["exclusively work", "read", "reserve", "let go"],
    ...["sign-in turn", "read", "begin"],
    ...["exclusively work", "read", "save", "let go"],
    ...["signed-in", "turn over"],
  ]);
});

Deno.test("getToken() signs in if another process cleared the cache while this one waited", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS);
  world.store.beforeTurn = () => {
    world.store.sessions = [];
  };
  world.signIn = () => world.issue("two");
  assertEquals(shown(await world.get()), ["two", "interactive", true]);
});

Deno.test("getToken() keeps the live tokens of other scopes after a sign-in of the same account, and drops those of another", async () => {
  const world = new TestHarness();
  const other = { ...REQUEST, scopes: ["api://app/x"] };
  await world.signInWith("one");
  world.refresh = () => world.issue("two", ["api://app/x"]);
  assertEquals(shown(await world.get(other)), ["two", "refresh", true]);
  assertEquals(world.store.sessions[0]?.tokens.length, 2);
  const stored = () => world.store.sessions[0]?.tokens.map((token) => token.accessToken.reveal());
  world.signIn = () => world.issue("three");
  await world.get(FORCED);
  assertEquals(stored(), ["three", "two"]);
  assertEquals(shown(await world.get(other)), ["two", "cache", true]);

  world.signIn = () => {
    const { token, cache } = world.issue("four");
    return { token: { ...token, account: { ...ADA, homeAccountId: "bob.tenant" } }, cache };
  };
  await world.get(FORCED);
  assertEquals(stored(), ["four"]);
});

Deno.test("getToken() refreshes a token from the time that the authority names, and returns it at once if that fails", async () => {
  const failures = [
    NETWORK_DOWN,
    new CliError("interaction_required", "MFA"),
    new CliError("wrong_account", "other"),
  ];
  for (const failure of failures) {
    const world = new TestHarness();
    const early = (name: string) => {
      const { token, cache } = world.issue(name);
      return { token: { ...token, refreshAt: token.expiresAt - LIFE_SECONDS / 2 }, cache };
    };
    world.signIn = () => early("one");
    await world.get();
    world.signIn = () => mustNot("ask the user");
    world.clock.move(LIFE_SECONDS / 2 - 1);
    assertEquals(shown(await world.get()), ["one", "cache", true]);
    world.clock.move(1);
    world.refresh = () => {
      throw failure;
    };
    world.events.length = 0;
    assertEquals(shown(await world.get()), ["one", "cache", true]);
    assertEquals(world.kinds(), ["refreshing", "refresh-failed"]);
    assertEquals(world.refreshOptions.at(-1)?.failFast, true);
    world.refresh = () => early("two");
    assertEquals(shown(await world.get()), ["two", "refresh", true]);
    assertEquals(shown(await world.get()), ["two", "cache", true]);
  }
});

Deno.test("getToken() ignores the time for a refresh if a refresh is not allowed, or the clock was changed", async () => {
  const world = new TestHarness();
  world.signIn = () => {
    const { token, cache } = world.issue("one");
    return { token: { ...token, refreshAt: world.clock.now() / 1000 }, cache };
  };
  await world.get();
  assertEquals(shown(await world.get()), ["one", "cache", true]);
  world.clock.move(10);
  assertEquals(shown(await world.get({ ...REQUEST, acceptRefresh: false })), ["one", "cache", true]);
});

Deno.test("getToken() suggests a sign-in name, but neither a display name nor the name of a guest", async () => {
  const table = [["ada@contoso.example", "ada@contoso.example"], ["Ada Lovelace", undefined], [
    "ada_fabrikam.example#EXT#@contoso.example",
    undefined,
  ], ["live.com#ada@outlook.example", undefined]] as const;
  for (const [username, hint] of table) {
    const world = new TestHarness();
    world.signIn = () => {
      const { token, cache } = world.issue("one");
      return { token: { ...token, account: { ...ADA, username } }, cache };
    };
    await world.get();
    await world.get(FORCED);
    assertEquals(world.asked.at(-1)?.loginHint, hint, username);
  }
});

Deno.test("getToken() throws the errors of a refresh and a sign-in", async () => {
  for (const code of ["wrong_account", "sign_in_failed", "unexpected"] as const) {
    const world = new TestHarness();
    await world.signInWith("one");
    world.clock.move(LIFE_SECONDS);
    const error = new CliError(code, "as thrown");
    world.refresh = () => {
      throw error;
    };
    assertStrictEquals(await assertRejects(() => world.get()), error);
    world.signIn = () => {
      throw error;
    };
    assertStrictEquals(await assertRejects(() => world.get(FORCED)), error);
  }
});

Deno.test("getToken() prefers the prompt and login hint of the request", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.signIn = () => world.issue("two");
  const hints = { prompt: "login", loginHint: "bob@contoso.example", domainHint: "contoso.example" };
  await world.get({ ...FORCED, ...hints });
  assertEquals(world.asked, [{ scopes: ["User.Read"], ...hints }]);
});

Deno.test("getToken() ignores a cached token if claims are demanded, and refreshes with them first", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.refresh = () => world.issue("two");
  const claimed = await world.get({ ...REQUEST, claims: CLAIMS });
  assertEquals(shown(claimed), ["two", "refresh", true]);
  assertEquals(world.refreshOptions.at(-1)?.claims, CLAIMS);
  assertEquals(shown(await world.get()), ["two", "cache", true]);
  world.refresh = () => {
    throw NETWORK_DOWN;
  };
  await assertRejects(() => world.get({ ...REQUEST, claims: CLAIMS }), CliError, "unplugged");
});

Deno.test("getToken() signs in once with all claims, and reports why, if the refresh is refused", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  let refreshes = 0;
  world.refresh = () => {
    refreshes++;
    throw new CliError("interaction_required", "Blocked", { claims: '{"access_token":{"policy":null}}' });
  };
  const refused = new CliError("sign_in_failed", "Blocked for good");
  world.signIn = () => {
    throw refused;
  };
  world.events.length = 0;
  const error = await assertRejects(() => world.get({ ...REQUEST, claims: CLAIMS }), CliError);
  assertEquals([error, refreshes, world.asked.length], [refused, 1, 1]);
  assertEquals(world.asked[0]?.claims, '{"access_token":{"x":null,"policy":null}}');
  assertEquals(world.kinds().filter((kind) => kind === "sign-in-needed"), ["sign-in-needed"]);
  assertEquals(world.store.calls.includes("refused"), false, "others demand no claims");
});

Deno.test("getToken() does not sign in if that would not help", async () => {
  const world = new TestHarness();
  await world.signInWith("one", REQUEST, undefined, 60);
  world.refresh = () => {
    throw new CliError("sign_in_failed", "Token protection");
  };
  await assertRejects(() => world.get(), CliError, "Token protection");
});

Deno.test("getToken() never signs in without permission to prompt", async () => {
  const world = new TestHarness();
  const silent = { ...REQUEST, mayPrompt: false };
  assertEquals((await assertRejects(() => world.get(silent), CliError)).code, "person_needed");
  const forced = { ...FORCED, mayPrompt: false };
  assertEquals((await assertRejects(() => world.get(forced), CliError)).code, "person_needed");
  const refreshOnly = { ...silent, acceptCached: false };
  const error = await assertRejects(() => world.get(refreshOnly), CliError);
  assertEquals(error.code, "no_token");
  assertStringIncludes(error.hint ?? "", "--profile work");
});

Deno.test("getToken() reports why interaction is required if only a refresh was allowed", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.refresh = () => {
    throw new CliError("interaction_required", "MFA", { aadsts: "AADSTS50076", correlationId: "c-1" });
  };
  const refreshOnly = { ...REQUEST, acceptCached: false, mayPrompt: false };
  const error = await assertRejects(() => world.get(refreshOnly), CliError);
  assertEquals([error.code, error.message, error.aadsts], ["interaction_required", "MFA", "AADSTS50076"]);
  assertStringIncludes(error.hint ?? "", "--force");
});

Deno.test("getToken() keeps sessions of different tenants, clients and authorities apart", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  for (
    const change of [{ tenant: "other" }, { clientId: "other" }, { authority: "https://x" }, { profile: "x" }]
  ) {
    world.signIn = () => world.issue("another");
    const result = await world.get({ ...REQUEST, key: { ...REQUEST.key, ...change } });
    assertEquals(result.source, "interactive", JSON.stringify(change));
  }
  assertEquals(shown(await world.get()), ["one", "cache", true]);
});

Deno.test("getToken() does not wait for the lock once it was interrupted", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS);
  const interrupted = new CliError("interrupted", "Interrupted");
  const error = await assertRejects(() => world.get(REQUEST, AbortSignal.abort(interrupted)));
  assertStrictEquals(error, interrupted);
});

Deno.test("getToken() saves a sign-in under the lock, so that an older refresh can't undo it", async () => {
  const world = new TestHarness();
  world.signIn = () => world.issue("one");
  await world.get(FORCED);
  assertEquals(world.store.calls.slice(-6), [
    ...["exclusively work", "read", "save", "let go"],
    ...["signed-in", "turn over"],
  ]);
});

Deno.test("getToken() returns no token if it is interrupted while it waits for the lock to save", async () => {
  const world = new TestHarness();
  const interrupt = new AbortController();
  const reason = new CliError("interrupted", "Interrupted");
  world.signIn = () => {
    interrupt.abort(reason);
    return world.issue("one");
  };
  assertStrictEquals(await assertRejects(() => world.get(FORCED, interrupt.signal)), reason);
  assertEquals(world.kinds(), ["signed-in", "signed-in-as"]);
});

Deno.test("getToken() without the store neither reads, writes nor waits", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.signIn = () => world.issue("two");
  assertEquals(shown(await world.get({ ...FORCED, useStore: false })), ["two", "interactive", false]);
  assertEquals(world.store.calls, []);
  assertEquals(world.asked[0]?.loginHint, undefined);
});

Deno.test("getToken() resolves a short scope to the Graph of the cloud that it signs in to", async () => {
  const world = new TestHarness();
  const key = { ...REQUEST.key, authority: "https://login.microsoftonline.us" };
  const long = { ...REQUEST, key, scopes: ["https://graph.microsoft.us/User.Read"] };
  world.signIn = () => world.issue("one", ["User.Read"]);
  await world.get({ ...long, scopes: ["https://graph.microsoft.us/User.Read", "openid"] });
  assertEquals(world.kinds().includes("scopes-missing"), false);
  const short = { ...REQUEST, key };
  for (const request of [long, short]) assertEquals(shown(await world.get(request))[1], "cache");
  world.refresh = () => world.issue("two", long.scopes);
  const fresh = { acceptCached: false };
  await world.get({ ...long, ...fresh });
  assertEquals(shown(await world.get(short)), ["two", "cache", true]);
  await world.get({ ...short, ...fresh });
  const [session] = await world.store.list();
  assertEquals(session?.tokens.length, 2, "one with openid, and one for both spellings");
});
