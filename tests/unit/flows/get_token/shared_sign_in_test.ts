import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CliError, type ErrorCode } from "../../../../src/errors.ts";
import type { TokenRequest } from "../../../../src/flows/get_token/token_request.ts";
import { updateSession } from "../../../../src/flows/get_token/acquire_token_silent.ts";
import type { SignInOutcome } from "../../../../src/store/sign_in_lock.ts";
import { FORCED, mustNot, REQUEST, shown, TestHarness } from "../../../support/fixtures/token_harness.ts";

/** Another process signs in while this one waits for it. */
function othersSignIn(world: TestHarness, name: string, scopes?: string[], lifeSeconds?: number): void {
  world.others = () => {
    const issued = world.issue(name, scopes, lifeSeconds);
    const request = { key: REQUEST.key, scopes: issued.token.scopes };
    world.store.sessions = [updateSession(request, issued, null, world.clock.now())];
    return { kind: "signed-in" };
  };
}

function refused(code: ErrorCode, scopes = REQUEST.scopes): SignInOutcome & { kind: "refused" } {
  return { kind: "refused", error: new CliError(code, "of another process"), scopes };
}

Deno.test("getToken() uses the token of the sign-in that it waited for, also with --force", async () => {
  for (const request of [REQUEST, FORCED]) {
    const world = new TestHarness();
    if (request === FORCED) await world.signInWith("old");
    othersSignIn(world, "of another");
    assertEquals(shown(await world.get(request)), ["of another", "cache", true]);
    assertEquals([world.kinds(), world.clientsLoaded], [["using-cached-token"], 0]);
    assertEquals(world.store.calls, ["read", "sign-in turn", "read", "turn over"]);
  }
});

Deno.test("getToken() refreshes for other scopes after the sign-in that it waited for, also with --force", async () => {
  for (const request of [REQUEST, FORCED]) {
    const world = new TestHarness();
    othersSignIn(world, "of another", ["Mail.Read"]);
    world.refresh = () => world.issue("refreshed");
    assertEquals(shown(await world.get(request)), ["refreshed", "refresh", true]);
    assertEquals(world.refreshedWith, ["cache of of another"]);
  }
});

Deno.test("getToken() signs in if the sign-in that it waited for does not cover its scopes, and reports why", async () => {
  const world = new TestHarness();
  othersSignIn(world, "of another", ["Mail.Read"]);
  const claims = '{"access_token":{}}';
  world.refresh = () => {
    throw new CliError("interaction_required", "consent", { claims });
  };
  world.signIn = () => world.issue("own");
  assertEquals(shown(await world.get()), ["own", "interactive", true]);
  assertEquals(world.asked, [{ scopes: ["User.Read"], loginHint: "ada@contoso.example", claims }]);
});

Deno.test("getToken() keeps its own claims demand if the others' sign-in does not help", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(3600);
  const claims = '{"access_token":{}}';
  world.refresh = () => {
    throw new CliError("interaction_required", "MFA", { claims });
  };
  world.signIn = () => world.issue("two");
  await world.get();
  assertEquals(world.asked, [{ scopes: ["User.Read"], loginHint: "ada@contoso.example", claims }]);
});

Deno.test("getToken() throws the refusal that it waited for, with and without --force", async () => {
  const codes = [
    "access_denied",
    "sign_in_failed",
    "interaction_required",
    "invalid_response",
    "timeout",
  ] as const;
  for (const code of codes) {
    for (const request of [REQUEST, FORCED]) {
      const world = new TestHarness();
      const outcome = refused(code);
      world.others = () => outcome;
      assertStrictEquals(await assertRejects(() => world.get(request)), outcome.error);
      assertEquals(world.store.calls.at(-1), "turn over");
      assertEquals(world.asked, []);
    }
  }
});

Deno.test("getToken() accepts another's refusal for its scopes or fewer, and a timeout for any", async () => {
  const wide = { ...REQUEST, scopes: ["User.Read", "Mail.Read"] };
  const cases: [SignInOutcome & { kind: "refused" }, TokenRequest, boolean][] = [
    [refused("access_denied", ["user.read"]), wide, true],
    [refused("access_denied", wide.scopes), REQUEST, false],
    [refused("access_denied", ["Mail.Read"]), REQUEST, false],
    [refused("timeout", ["Mail.Read"]), REQUEST, true],
  ];
  for (const [outcome, request, isShared] of cases) {
    const world = new TestHarness();
    world.others = () => outcome;
    world.signIn = () => world.issue("own");
    if (isShared) assertStrictEquals(await assertRejects(() => world.get(request)), outcome.error);
    else assertEquals((await world.get(request)).source, "interactive");
  }
});

Deno.test("getToken() signs in if the process that it waited for left neither a token nor a refusal", async () => {
  for (const request of [REQUEST, FORCED]) {
    const world = new TestHarness();
    world.signIn = () => world.issue("own");
    assertEquals(shown(await world.get(request)), ["own", "interactive", true]);
    // The other one's token was saved, and dropped again by clear-cache.
    const cleared = new TestHarness();
    cleared.others = () => ({ kind: "signed-in" });
    cleared.signIn = () => cleared.issue("own");
    assertEquals(shown(await cleared.get(request)), ["own", "interactive", true]);
  }
});

Deno.test("getToken() uses a token that arrived before it waited, with --force only from a sign-in", async () => {
  const world = new TestHarness();
  await world.signInWith("refreshed by another");
  const { sessions } = world.store;
  world.store.sessions = [];
  world.others = () => {
    world.store.sessions = sessions;
    return null;
  };
  assertEquals(shown(await world.get()), ["refreshed by another", "cache", true]);
  world.signIn = () => world.issue("own");
  assertEquals(shown(await world.get(FORCED)), ["own", "interactive", true]);
});

Deno.test("getToken() with its own prompt or login hint waits, signs in, and does not share a refusal", async () => {
  for (
    const own of [
      { prompt: "login" },
      { loginHint: "bob@contoso.example" },
      { domainHint: "contoso.example" },
    ]
  ) {
    const world = new TestHarness();
    othersSignIn(world, "of another");
    world.signIn = () => world.issue("own");
    assertEquals(shown(await world.get({ ...REQUEST, ...own, acceptCached: false })), [
      "own",
      "interactive",
      true,
    ]);
    assertEquals(world.store.calls.slice(1, 3), ["sign-in turn", "begin"]);
    world.others = () => refused("access_denied");
    world.signIn = () => {
      throw new CliError("access_denied", "own");
    };
    world.store.calls.length = 0;
    await assertRejects(() => world.get({ ...FORCED, ...own }), CliError, "own");
    assertEquals(world.store.calls, ["read", "sign-in turn", "begin", "turn over"]);
  }
});

Deno.test("getToken() publishes a refusal, but not errors of its own process", async () => {
  const cases: [ErrorCode, string[]][] = [
    ["access_denied", ["refused"]],
    ["sign_in_failed", ["refused"]],
    ["interaction_required", ["refused"]],
    ["invalid_response", ["refused"]],
    ["timeout", ["refused"]],
    ["port_in_use", []],
    ["permission", []],
    ["network", []],
    ["store", []],
    ["wrong_account", []],
    ["interrupted", []],
    ["unexpected", []],
  ];
  for (const [code, told] of cases) {
    const world = new TestHarness();
    const error = new CliError(code, "as thrown");
    world.signIn = () => {
      throw error;
    };
    assertStrictEquals(await assertRejects(() => world.get()), error);
    assertEquals(world.store.calls, ["read", "sign-in turn", "read", "begin", ...told, "turn over"], code);
  }
});

Deno.test("getToken() does not publish a sign-in that it could not save", async () => {
  const world = new TestHarness();
  world.store.saveError = new CliError("store", "disk full");
  world.signIn = () => world.issue("own");
  assertEquals(shown(await world.get()), ["own", "interactive", false]);
  assertEquals(world.store.calls.filter((call) => call === "signed-in"), []);
  assertEquals(world.store.calls.at(-1), "turn over");
});

Deno.test("getToken() signs in without a lock if the folder does not support locks, and throws any other error of the wait", async () => {
  for (const code of ["store", "permission"] as const) {
    const world = new TestHarness();
    world.others = () => {
      throw new CliError(code, "read-only");
    };
    world.signIn = () => world.issue("own");
    assertEquals(shown(await world.get()), ["own", "interactive", true]);
  }
  for (const code of ["timeout", "interrupted"] as const) {
    const world = new TestHarness();
    const error = new CliError(code, "waited");
    world.others = () => {
      throw error;
    };
    assertStrictEquals(await assertRejects(() => world.get()), error);
  }
});

Deno.test("getToken() reports the process that it waits for", async () => {
  const world = new TestHarness();
  world.others = (onWait) => {
    onWait(1234);
    onWait(null);
    return null;
  };
  world.signIn = () => world.issue("own");
  await world.get();
  assertEquals(world.events.slice(0, 2), [
    { kind: "waiting-for-process", pid: 1234, profile: "work" },
    { kind: "waiting-for-process", pid: null, profile: "work" },
  ]);
});

Deno.test("getToken() waits for neither a user nor a lock with --no-interactive or --no-cache", async () => {
  const world = new TestHarness();
  world.others = () => mustNot("wait");
  await assertRejects(() => world.get({ ...REQUEST, mayPrompt: false }), CliError, "--no-interactive");
  world.signIn = () => world.issue("own");
  assertEquals(shown(await world.get({ ...FORCED, useStore: false })), ["own", "interactive", false]);
});
