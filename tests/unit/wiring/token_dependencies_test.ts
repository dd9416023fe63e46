import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import type { ProgressEvent } from "../../../src/flows/progress.ts";
import type { TokenRequest } from "../../../src/flows/get_token/token_request.ts";
import type { ProfileSecrets } from "../../../src/store/profile_secrets.ts";
import { createSystem } from "../../../src/system/create_system.ts";
import { Secret } from "../../../src/text/secret.ts";
import { tokenDependencies } from "../../../src/wiring/token_dependencies.ts";
import { MemoryProfileStore, WORK } from "../../support/fixtures/command_fixture.ts";
import { MemoryStore } from "../../support/fixtures/memory_store.ts";
import { makeStoreHome } from "../../support/fixtures/store_fixture.ts";
import { REQUEST } from "../../support/fixtures/token_harness.ts";

const APPLICATION: TokenRequest = {
  ...REQUEST,
  key: { ...REQUEST.key, profile: "work", clientId: WORK.clientId },
  flow: "client-credentials",
};
const SAVED: ProfileSecrets = {
  clientId: WORK.clientId,
  authority: null,
  clientSecret: new Secret("the-saved-secret"),
};

/** Finds the credential of a request as the program does, and returns where it is from and the questions it asked. */
async function prepare(request: TokenRequest, saved: ProfileSecrets | null = null, times = 1) {
  await using home = await makeStoreHome();
  const events: ProgressEvent[] = [];
  const questions: string[] = [];
  const store = new MemoryStore();
  const system = createSystem({
    signal: new AbortController().signal,
    forwardSignals: () => ({ [Symbol.dispose]: () => {} }),
  });
  const dependencies = tokenDependencies({
    system: { ...system, env: { get: () => undefined } },
    folder: home.folder(),
    store: Object.assign(store, { readSecrets: () => Promise.resolve(saved) }),
    profiles: new MemoryProfileStore([WORK]),
    progress: (event) => void events.push(event),
  })({
    ...request,
    loadClientAuthentication: () =>
      Promise.resolve({
        flags: {},
        ask: (kind, question) => {
          questions.push(`${kind}: ${question}`);
          return Promise.resolve(saved === null ? new Secret("typed") : null);
        },
      }),
  });
  for (let time = 0; time < times; time++) await dependencies.prepareCredential();
  return {
    from: events.map((event) => event.kind === "using-credential" ? event.from : event.kind),
    questions,
  };
}

Deno.test("tokenDependencies() prompts once for the secret of an application", async () => {
  const { from, questions } = await prepare(APPLICATION, null, 2);
  assertEquals([from.length, questions], [1, ["client-secret: Client secret"]]);
});

Deno.test("tokenDependencies() finds no credential for a flow that needs none", async () => {
  for (const flow of ["interactive", "device-code", "managed-identity"] as const) {
    assertEquals(await prepare({ ...APPLICATION, flow }), { from: [], questions: [] });
  }
});

Deno.test("tokenDependencies() uses a saved secret only for its own application and authority", async () => {
  assertEquals((await prepare(APPLICATION, SAVED)).questions, []);
  // The user chooses the authority of one call.
  const elsewhere = { ...APPLICATION, key: { ...APPLICATION.key, authority: "https://login.example.org" } };
  assertEquals((await prepare(elsewhere, SAVED)).questions, []);
  const others: [TokenRequest, ProfileSecrets][] = [
    [{ ...APPLICATION, key: { ...APPLICATION.key, clientId: "another" } }, SAVED],
    [APPLICATION, { ...SAVED, authority: "https://login.example.org" }],
    [APPLICATION, { ...SAVED, clientId: "another" }],
  ];
  for (const [request, saved] of others) {
    assertEquals((await assertRejects(() => prepare(request, saved), CliError)).code, "usage");
  }
});

Deno.test("tokenDependencies() looks up the profile each time", async () => {
  await using home = await makeStoreHome();
  const profiles = new MemoryProfileStore([WORK]);
  const system = createSystem({
    signal: new AbortController().signal,
    forwardSignals: () => ({ [Symbol.dispose]: () => {} }),
  });
  const parts = { system, folder: home.folder(), store: new MemoryStore(), profiles, progress: () => {} };
  const { profiles: found } = tokenDependencies(parts)(APPLICATION);
  assertNotEquals((await found.lookUp(WORK.name)).profile, null);
  await profiles.remove(WORK.name);
  assertEquals((await found.lookUp(WORK.name)).profile, null);
});
