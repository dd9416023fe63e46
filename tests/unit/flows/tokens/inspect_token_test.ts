import { assertEquals, assertRejects } from "@std/assert";
import type { DecodedToken } from "../../../../src/entra/decode_token.ts";
import { CliError } from "../../../../src/errors.ts";
import {
  type InspectDependencies,
  type InspectedSource,
  inspectToken,
} from "../../../../src/flows/tokens/inspect_token.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";
import { sampleSession } from "../../../support/fixtures/store_fixture.ts";
import { MemoryStore } from "../../../support/fixtures/memory_store.ts";

const NOW = 1_999_999_999;

function text(token: string): InspectedSource {
  return { kind: "text", text: new Secret(token) };
}

function inspect(
  source: InspectedSource,
  content: DecodedToken | null,
  more: Partial<InspectDependencies> = {},
) {
  const clock = new FakeClock(NOW * 1000);
  return inspectToken(source, {
    clock,
    store: new MemoryStore(),
    decode: () => content,
    verify: null,
    ...more,
  });
}

Deno.test("inspectToken() tells of the profile's newest token, and gives none away", async () => {
  const store = new MemoryStore();
  const session = sampleSession("work", "the-access-token");
  const [token] = session.tokens;
  if (token === undefined) throw new Error("no token");
  const older = {
    ...token,
    accessToken: new Secret("older"),
    scopes: ["Old"],
    requestedScopes: [],
    obtainedAt: 1,
  };
  store.sessions = [{ ...session, tokens: [older, token] }, sampleSession("other")];
  const given: string[] = [];
  const decode = (text: string) => {
    given.push(text);
    return { header: {}, claims: { aud: "graph", nbf: 7 } };
  };
  const kept = { kind: "kept", profile: "work", scopes: undefined } as const;
  const inspected = await inspect(kept, null, { store, decode });
  assertEquals(given, ["the-access-token"]);
  assertEquals([inspected?.session?.profile, inspected?.state, inspected?.notBefore], ["work", "valid", 7]);
  assertEquals(inspected?.expiresAt, token.expiresAt, "the authority's word counts, not the token's");
  assertEquals(Object.keys(inspected?.session ?? {}).sort(), [
    "account",
    "authority",
    "clientId",
    "profile",
    "tenant",
  ]);
  assertEquals("token" in (inspected ?? {}), false);

  assertEquals((await inspect({ ...kept, scopes: ["old"] }, null, { store }))?.scopes, ["Old"]);
  assertEquals(await inspect({ ...kept, scopes: ["none"] }, null, { store }), null);
  assertEquals(await inspect({ ...kept, profile: "nobody" }, null, { store }), null);
});

Deno.test("inspectToken() tells when a token can be used", async () => {
  const table = [
    [{ exp: NOW + 1 }, "valid"],
    [{ exp: NOW + 1, nbf: NOW }, "valid"],
    [{ exp: NOW }, "expired"],
    [{ exp: NOW - 1 }, "expired"],
    [{ exp: NOW + 60, nbf: NOW + 1 }, "not-yet-valid"],
    [{ exp: NOW - 1, nbf: NOW + 1 }, "expired"],
    [{}, "expired"],
    [{ exp: "tomorrow" }, "expired"],
    [{ exp: 1e300 }, "expired"],
  ] as const;
  for (const [claims, state] of table) {
    assertEquals((await inspect(text("x"), { header: {}, claims }))?.state, state, JSON.stringify(claims));
  }
});

Deno.test("inspectToken() finds the token in a header, and its scopes", async () => {
  for (
    const typed of ["a.b.c", " a.b.c\n", "Bearer a.b.c", "Authorization: Bearer a.b.c\r\n", "bearer  a.b.c"]
  ) {
    const given: string[] = [];
    const decode = (token: string) => {
      given.push(token);
      return { header: {}, claims: { scp: "b  a" } };
    };
    const inspected = await inspect(text(typed), null, { decode });
    assertEquals([given, inspected?.scopes, inspected?.session], [["a.b.c"], ["b", "a"], null]);
  }
});

Deno.test("inspectToken() refuses what can't be read, without saying what it was", async () => {
  for (const content of [null, { header: {}, claims: null }]) {
    const error = await assertRejects(() => inspect(text("my-refresh-token"), content), CliError);
    assertEquals(error.code, "usage");
    assertEquals(`${error.message} ${error.hint}`.includes("my-refresh"), false);
  }
});

Deno.test("inspectToken() has the signature checked by the authority of a kept token", async () => {
  const store = new MemoryStore();
  store.sessions = [sampleSession("work", "kept-token")];
  const asked: unknown[] = [];
  const verify: InspectDependencies["verify"] = (...args) => {
    asked.push(args);
    return Promise.resolve({ kind: "valid" });
  };
  const content = { header: {}, claims: {} };
  const kept = await inspect({ kind: "kept", profile: "work", scopes: undefined }, content, {
    store,
    verify,
  });
  assertEquals(kept?.signature, { kind: "valid" });
  await inspect(text("Bearer at-hand"), content, { store, verify });
  assertEquals(asked, [["kept-token", store.sessions[0]?.authority], ["at-hand", undefined]]);
  assertEquals((await inspect(text("x"), content))?.signature, null);
});
