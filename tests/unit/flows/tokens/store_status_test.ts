import { assertEquals, assertStringIncludes } from "@std/assert";
import { storeStatus } from "../../../../src/flows/tokens/store_status.ts";
import { Secret } from "../../../../src/text/secret.ts";
import type { CachedToken, Session } from "../../../../src/store/session.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";
import { MemoryProfileStore } from "../../../support/fixtures/command_fixture.ts";
import { MemoryStore } from "../../../support/fixtures/memory_store.ts";
import { ADA, REQUEST } from "../../../support/fixtures/token_harness.ts";

const NOW = 1_766_923_200;

function tokenUntil(expiresAt: number): CachedToken {
  return {
    accessToken: new Secret("s3cret"),
    tokenType: "Bearer",
    scopes: ["User.Read"],
    requestedScopes: ["User.Read"],
    expiresAt,
    obtainedAt: NOW - 3600,
    account: ADA,
  };
}

function sessionUntil(profile: string, ...ends: number[]): Session {
  return {
    ...REQUEST.key,
    profile,
    account: ADA,
    tokens: ends.map(tokenUntil),
    msalCache: new Secret("s3cret"),
  };
}

async function statusOf(store: MemoryStore) {
  return await storeStatus({
    ...{ clock: new FakeClock(NOW * 1000), store, profiles: new MemoryProfileStore([]) },
  });
}

Deno.test("storeStatus() returns the sign-ins by profile, each with the expiry of its last token", async () => {
  const store = new MemoryStore();
  store.sessions = [
    sessionUntil("work", NOW - 10, NOW + 60, NOW + 20),
    sessionUntil("app"),
    sessionUntil("home", NOW - 20, NOW - 10),
    sessionUntil("zoo", NOW + 5),
  ];
  const { signIns } = await statusOf(store);
  assertEquals(signIns.map(({ session, expiresAt, isExpired }) => [session.profile, expiresAt, isExpired]), [
    ["app", null, true],
    ["home", NOW - 10, true],
    ["work", NOW + 60, false],
    ["zoo", NOW + 5, false],
  ]);
});

Deno.test("storeStatus() returns the account of a sign-in and no secret", async () => {
  const store = new MemoryStore();
  store.sessions = [sessionUntil("work", NOW + 60)];
  const { signIns } = await statusOf(store);
  assertEquals(signIns.map(({ session }) => session), [{ ...REQUEST.key, account: ADA }]);
});

Deno.test("storeStatus() reads the tokens before the place of the key, because that may migrate the key", async () => {
  const calls: string[] = [];
  class MovingStore extends MemoryStore {
    override list() {
      calls.push("list");
      return super.list();
    }
    override keyPlace() {
      calls.push("keyPlace");
      return super.keyPlace();
    }
  }
  const { key } = await statusOf(new MovingStore());
  assertEquals(calls, ["list", "keyPlace"]);
  assertStringIncludes(key.place, "/key");
});
