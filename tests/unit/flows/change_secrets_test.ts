import { assertEquals } from "@std/assert";
import { changeSecrets, type SecretChange } from "../../../src/flows/change_secrets.ts";
import { Secret } from "../../../src/secret.ts";
import type { TokenStore } from "../../../src/store/token_store.ts";
import { makeStoreHome } from "../store/store_fixture.ts";

/** Whose secrets they are. */
type Owner = Parameters<typeof changeSecrets>[0];

const JOB: Owner = { name: "job", clientId: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee" };
const OTHERS: readonly Owner[] = [
  { ...JOB, clientId: "bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee" },
  { ...JOB, authority: "https://login.example" },
];
const SIGNAL = new AbortController().signal;

const secret = () => ({ clientSecret: new Secret("a secret") });
const password = () => ({ certificatePassword: new Secret("a password") });

/** Makes changes one after another, and gives whether each changed anything. */
async function change(
  store: TokenStore,
  profile: Owner,
  ...changes: SecretChange[]
): Promise<boolean[]> {
  const changed: boolean[] = [];
  for (const one of changes) changed.push(await changeSecrets(profile, one, store, SIGNAL));
  return changed;
}

async function kept(store: TokenStore): Promise<unknown> {
  const secrets = await store.readSecrets(JOB.name);
  return secrets && [
    secrets.clientId,
    secrets.authority,
    secrets.clientSecret?.reveal(),
    secrets.certificatePassword?.reveal(),
  ];
}

Deno.test("changeSecrets() keeps each secret beside the other, and says whether anything is another now", async () => {
  await using home = await makeStoreHome();
  const store = home.store();
  assertEquals(await change(store, JOB, { clientSecret: null }, secret(), password()), [false, true, true]);
  assertEquals(await kept(store), [JOB.clientId, null, "a secret", "a password"]);
  assertEquals(await change(store, JOB, {}, secret(), password()), [false, false, false]);
  assertEquals(await change(store, JOB, { clientSecret: null }, { clientSecret: null }), [true, false]);
  assertEquals(await kept(store), [JOB.clientId, null, undefined, "a password"]);
  assertEquals(await change(store, JOB, { certificatePassword: null }), [true]);
  assertEquals(await kept(store), null);
});

Deno.test("changeSecrets() hands no secret on to another application, nor to another authority", async () => {
  for (const other of OTHERS) {
    await using home = await makeStoreHome();
    const store = home.store();
    await change(store, JOB, secret());
    assertEquals(await change(store, other, password()), [true]);
    assertEquals(await kept(store), [other.clientId, other.authority ?? null, undefined, "a password"]);
  }
});
