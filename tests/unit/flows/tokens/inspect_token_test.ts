import { assertEquals, assertRejects } from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { CliError } from "../../../../src/errors.ts";
import {
  type InspectDependencies,
  type InspectedSource,
  inspectToken,
  type VerificationOptions,
} from "../../../../src/flows/tokens/inspect_token.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";
import { sampleSession } from "../../../support/fixtures/store_fixture.ts";
import { MemoryProfileStore, WORK } from "../../../support/fixtures/command_fixture.ts";
import { MemoryStore } from "../../../support/fixtures/memory_store.ts";

const NOW = 1_999_999_999;

/** A JWT with these claims. */
function jwt(claims: Record<string, unknown>): string {
  return [{ alg: "RS256" }, claims, "signature"].map((part) => encodeBase64Url(JSON.stringify(part))).join(
    ".",
  );
}

function text(token: string): InspectedSource {
  return { kind: "text", text: new Secret(token) };
}

function inspect(
  source: InspectedSource,
  store = new MemoryStore(),
  verification: VerificationOptions | null = null,
  verifyToken: InspectDependencies["verifyToken"] = () => Promise.reject(new Error("not to be verified")),
) {
  const profiles = new MemoryProfileStore([WORK]);
  return inspectToken(source, verification, {
    ...{ clock: new FakeClock(NOW * 1000), store, profiles, verifyToken },
  });
}

Deno.test("inspectToken() describes the profile's newest token without the token itself", async () => {
  const store = new MemoryStore();
  const session = sampleSession("work", jwt({ aud: "graph", exp: 1, nbf: 7 }));
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
  const kept = { kind: "cached", profile: "work", scopes: undefined } as const;
  const inspected = await inspect(kept, store);
  assertEquals(inspected?.content?.claims?.aud, "graph");
  assertEquals([inspected?.session?.profile, inspected?.state, inspected?.notBefore], ["work", "valid", 7]);
  assertEquals(inspected?.expiresAt, token.expiresAt, "the authority's word counts, not the token's");
  assertEquals(Object.keys(inspected?.session ?? {}).sort(), [
    "account",
    "authority",
    "clientId",
    "identity",
    "owner",
    "profile",
    "tenant",
  ]);
  assertEquals("token" in (inspected ?? {}), false);

  assertEquals((await inspect({ ...kept, scopes: ["old"] }, store))?.scopes, ["Old"]);
  assertEquals(await inspect({ ...kept, scopes: ["none"] }, store), null);
  assertEquals(await inspect({ ...kept, profile: "nobody" }, store), null);
});

Deno.test("inspectToken() shows the same scopes for a kept and a pasted token, and those of the response for an opaque one", async () => {
  const store = new MemoryStore();
  const kept = { kind: "cached", profile: "work", scopes: undefined } as const;
  const table = [
    [jwt({ exp: NOW + 60, scp: "User.Read profile" }), ["User.Read", "profile"]],
    [jwt({ exp: NOW + 60, scp: ["read", 7] }), ["read"]],
    [jwt({ exp: NOW + 60, roles: ["Tasks.Read.All"] }), []],
  ] as const;
  for (const [token, scopes] of table) {
    store.sessions = [sampleSession("work", token)];
    assertEquals((await inspect(kept, store))?.scopes, scopes);
    assertEquals((await inspect(text(token), store))?.scopes, scopes);
  }
  store.sessions = [sampleSession("work", "opaque")];
  assertEquals((await inspect(kept, store))?.scopes, store.sessions[0]?.tokens[0]?.scopes);
});

Deno.test("inspectToken() tells whether a token is valid, expired or not yet valid", async () => {
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
    assertEquals((await inspect(text(jwt(claims))))?.state, state, JSON.stringify(claims));
  }
});

Deno.test("inspectToken() reads the token of a header, and its scopes", async () => {
  const token = jwt({ scp: "b  a" });
  for (
    const typed of [
      token,
      ` ${token}\n`,
      `Bearer ${token}`,
      `Authorization: Bearer ${token}\r\n`,
      `bearer  ${token}`,
    ]
  ) {
    const inspected = await inspect(text(typed));
    assertEquals([inspected?.scopes, inspected?.session], [["b", "a"], null], typed);
  }
});

Deno.test("inspectToken() rejects an unreadable token without repeating it", async () => {
  const encrypted = `${encodeBase64Url(JSON.stringify({ alg: "dir", enc: "A256GCM" }))}.my-refresh.a.b.c`;
  for (const token of ["my-refresh-token", encrypted]) {
    const error = await assertRejects(() => inspect(text(token)), CliError);
    assertEquals(error.code, "usage");
    assertEquals(`${error.message} ${error.hint}`.includes("my-refresh"), false);
  }
});

Deno.test("inspectToken() verifies a cached token with the keys of its own authority", async () => {
  const store = new MemoryStore();
  store.sessions = [sampleSession("work", "kept-token")];
  const verified: [string, string][] = [];
  const verifyToken: InspectDependencies["verifyToken"] = (token, { authority }) => {
    verified.push([token, authority]);
    return Promise.resolve({ kind: "valid" });
  };
  const verification = { authority: "https://login.example", caCertFile: undefined };
  const kept = { kind: "cached", profile: "work", scopes: undefined } as const;
  assertEquals((await inspect(kept, store, verification, verifyToken))?.signature, { kind: "valid" });
  const atHand = jwt({});
  await inspect(text(`Bearer ${atHand}`), store, verification, verifyToken);
  assertEquals(verified, [
    ["kept-token", store.sessions[0]?.authority ?? ""],
    [atHand, "https://login.example"],
  ]);
  assertEquals((await inspect(text(atHand)))?.signature, null);
});
