import { assertEquals } from "@std/assert";
import { inspectTokens } from "../../../src/flows/inspect_tokens.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { sampleSession } from "../store/store_fixture.ts";
import { MemoryStore } from "./memory_store.ts";

Deno.test("inspectTokens() tells of the profile's own tokens, and gives none away", async () => {
  const store = new MemoryStore();
  store.sessions = [sampleSession("work", "the-access-token"), sampleSession("other")];
  const given: string[] = [];
  const inspected = await inspectTokens("work", {
    clock: new FakeClock(1_999_999_999_000),
    store,
    decodeClaims: (token) => {
      given.push(token);
      return { aud: "graph" };
    },
  });
  assertEquals(given, ["the-access-token"]);
  assertEquals(inspected.map(({ session, isExpired, claims }) => [session.profile, isExpired, claims]), [
    ["work", false, { aud: "graph" }],
  ]);
  assertEquals(Object.keys(inspected[0]?.session ?? {}).sort(), [
    "account",
    "authority",
    "clientId",
    "profile",
    "tenant",
  ]);
});
