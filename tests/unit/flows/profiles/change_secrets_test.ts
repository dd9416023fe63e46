import { assertEquals, assertRejects } from "@std/assert";
import type { ProfileDependencies } from "../../../../src/flows/profiles/change_profile.ts";
import { changeSecrets, type SecretChange } from "../../../../src/flows/profiles/change_secrets.ts";
import { CliError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { MemoryProfileStore, WORK } from "../../../support/fixtures/command_fixture.ts";
import { makeStoreHome, type StoreHome } from "../../../support/fixtures/store_fixture.ts";

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

/** What is in `home`, beside a profile that is there as long as the test leaves it. */
function placesIn(home: StoreHome): ProfileDependencies {
  return {
    profiles: new MemoryProfileStore([{ ...WORK, name: JOB.name }]),
    store: home.store(),
    signal: SIGNAL,
  };
}

/** Makes changes one after another, and gives whether each changed anything. */
async function change(
  places: ProfileDependencies,
  profile: Owner,
  ...changes: SecretChange[]
): Promise<boolean[]> {
  const changed: boolean[] = [];
  for (const one of changes) changed.push(await changeSecrets(profile, one, places));
  return changed;
}

async function kept({ store, profiles }: ProfileDependencies): Promise<unknown> {
  const secrets = await store.readSecrets(JOB.name, (await profiles.lookUp(JOB.name)).identity);
  return secrets && [
    secrets.clientId,
    secrets.authority,
    secrets.clientSecret?.reveal(),
    secrets.certificatePassword?.reveal(),
  ];
}

Deno.test("changeSecrets() saves each secret beside the other, and returns whether anything changed", async () => {
  await using home = await makeStoreHome();
  const places = placesIn(home);
  assertEquals(await change(places, JOB, { clientSecret: null }, secret(), password()), [false, true, true]);
  assertEquals(await kept(places), [JOB.clientId, null, "a secret", "a password"]);
  assertEquals(await change(places, JOB, {}, secret(), password()), [false, false, false]);
  assertEquals(await change(places, JOB, { clientSecret: null }, { clientSecret: null }), [true, false]);
  assertEquals(await kept(places), [JOB.clientId, null, undefined, "a password"]);
  assertEquals(await change(places, JOB, { certificatePassword: null }), [true]);
  assertEquals(await kept(places), null);
});

Deno.test("changeSecrets() drops the secrets of another application and of another authority", async () => {
  for (const other of OTHERS) {
    await using home = await makeStoreHome();
    const places = placesIn(home);
    await change(places, JOB, secret());
    assertEquals(await change(places, other, password()), [true]);
    assertEquals(await kept(places), [
      other.clientId,
      other.authority ?? null,
      undefined,
      "a password",
    ]);
  }
});

Deno.test("changeSecrets() saves nothing for a profile that was deleted before it had the lock", async () => {
  await using home = await makeStoreHome();
  const places = placesIn(home);
  await places.profiles.remove(JOB.name);
  const error = await assertRejects(
    () => change(places, JOB, secret()),
    CliError,
    "was deleted while the command ran",
  );
  assertEquals([error.code, await kept(places)], ["no_profile", null]);
});
