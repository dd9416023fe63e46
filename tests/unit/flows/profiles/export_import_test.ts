import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { exportProfiles, importProfiles } from "../../../../src/flows/profiles/export_import.ts";
import { changeProfile, deleteProfile } from "../../../../src/flows/profiles/change_profile.ts";
import type { Profile } from "../../../../src/profiles/profile.ts";
import { openProfileStore, type ProfileStore } from "../../../../src/profiles/profile_store.ts";
import type { ProfileSecrets } from "../../../../src/store/profile_secrets.ts";
import { Secret } from "../../../../src/text/secret.ts";
import type { TokenStore } from "../../../../src/store/token_store.ts";
import { ADA } from "../../../support/fixtures/token_harness.ts";
import { makeStoreHome, type StoreHome } from "../../../support/fixtures/store_fixture.ts";
import { withoutUndefined } from "../../../support/fixtures/without_undefined.ts";

const WORK: Profile = {
  name: "work",
  tenantId: "contoso.example",
  clientId: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
  flow: "client-credentials",
  scopes: [],
};
const HOME: Profile = { ...WORK, name: "home" };
const SECRETS = { clientId: WORK.clientId, authority: null, clientSecret: new Secret("a secret") };
const BROKEN = new CliError("unreadable_store", "damaged");

interface Places {
  readonly home: StoreHome;
  readonly signal: AbortSignal;
  readonly profiles: ProfileStore;
  readonly store: TokenStore;
}

/** A real book and store with the profile `work`, somebody signed in to it, and a secret. */
async function openPlaces(home: StoreHome): Promise<Places> {
  const profiles = openProfileStore({ folder: home.folder() });
  const store = home.store();
  await profiles.add(WORK);
  const { identity } = await profiles.lookUp("work");
  await store.save({ ...session("work"), identity });
  await store.saveSecrets("work", identity, SECRETS);
  return { home, signal: new AbortController().signal, profiles, store };
}

function session(profile: string): Parameters<TokenStore["save"]>[0] {
  const { tenantId: tenant, clientId } = WORK;
  const cache = new Secret("cache");
  return {
    profile,
    identity: null,
    authority: "https://a.example",
    tenant,
    clientId,
    account: ADA,
    tokens: [],
    msalCache: cache,
  };
}

/** Returns the secrets that the profile can use. */
async function secretsOf(
  name: string,
  { profiles, store }: Pick<Places, "profiles" | "store">,
): Promise<ProfileSecrets | null> {
  return await store.readSecrets(name, (await profiles.lookUp(name)).identity);
}

async function kept({ profiles, store }: Places): Promise<unknown> {
  const names = (await profiles.list()).map(({ name }) => name);
  const sessions = (await store.list()).map(({ profile }) => profile);
  const secrets = await Promise.all(
    ["work", "home"].map(async (name) => (await secretsOf(name, { profiles, store })) !== null),
  );
  return { names, sessions, secrets };
}

const AS_IT_WAS = { names: ["work"], sessions: ["work"], secrets: [true, false] };

Deno.test("deleteProfile() deletes profile, tokens and secrets, or nothing if one of them can't be deleted", async () => {
  await using home = await makeStoreHome();
  const places = await openPlaces(home);
  const unreadable = { ...places, store: broken(places.store, "drop") };
  await assertRejects(() => deleteProfile("work", unreadable), CliError, "damaged");
  assertEquals(await kept(places), AS_IT_WAS);
  const unwritable = { ...places, profiles: broken(places.profiles, "assertWritable") };
  await assertRejects(() => deleteProfile("work", unwritable), CliError, "damaged");
  assertEquals(await kept(places), AS_IT_WAS);
  await deleteProfile("work", places);
  assertEquals(await kept(places), { names: [], sessions: [], secrets: [false, false] });
});

Deno.test("changeProfile() moves tokens and secrets to a new name, or changes nothing", async () => {
  await using home = await makeStoreHome();
  const places = await openPlaces(home);
  const failing = { ...places, store: broken(places.store, "rename") };
  await assertRejects(() => changeProfile(WORK, HOME, failing), CliError, "damaged");
  assertEquals(await kept(places), AS_IT_WAS);
  assertEquals(await changeProfile(WORK, HOME, places), 0);
  assertEquals(await kept(places), { names: ["home"], sessions: ["home"], secrets: [false, true] });
  await places.profiles.add(WORK);
  await assertRejects(() => changeProfile(WORK, HOME, places), CliError, "already exists");
});

Deno.test("changeProfile() to another tenant drops the tokens and keeps the secrets", async () => {
  await using home = await makeStoreHome();
  const places = await openPlaces(home);
  assertEquals(await changeProfile(WORK, { ...HOME, tenantId: "other.example" }, places), 1);
  assertEquals(await kept(places), { names: ["home"], sessions: [], secrets: [false, true] });
});

Deno.test("exportProfiles() exports secrets only on request, and none of a former application or authority", async () => {
  await using home = await makeStoreHome();
  const { profiles, store } = await openPlaces(home);
  const other = { ...WORK, clientId: "bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee" };
  assertEquals(await exportProfiles([WORK, HOME], false, { profiles, store }), [{ profile: WORK }, {
    profile: HOME,
  }]);
  const [packed] = await exportProfiles([WORK], true, { profiles, store });
  assertEquals(packed?.clientSecret?.reveal(), "a secret");
  const elsewhere = { ...WORK, authority: "https://login.example.org" };
  for (const profile of [other, elsewhere]) {
    assertEquals(await exportProfiles([profile], true, { profiles, store }), [{ profile }]);
  }
});

Deno.test("importProfiles() saves all profiles with their secrets, or changes nothing", async () => {
  await using home = await makeStoreHome();
  const places = await openPlaces(home);
  const moved = { ...WORK, tenantId: "other.example" };
  const packed = [{ profile: moved }, { profile: HOME, clientSecret: new Secret("another") }];
  await assertRejects(() => importProfiles(packed, false, places), CliError, "already exists");
  assertEquals(await kept(places), AS_IT_WAS);
  const failing = { ...places, store: broken(places.store, "saveSecrets") };
  await assertRejects(() => importProfiles(packed, true, failing), CliError, "damaged");
  assertEquals(await kept(places), AS_IT_WAS);
  assertEquals(withoutUndefined(await places.profiles.find("work")), WORK);

  await importProfiles(packed, true, places);
  assertEquals(await kept(places), { names: ["work", "home"], sessions: [], secrets: [true, true] });
  const { authority, clientSecret } = await secretsOf("home", places) ?? {};
  assertEquals([authority, clientSecret?.reveal()], [null, "another"]);
});

Deno.test("importProfiles() restores a replaced secret if a later one can't be saved", async () => {
  await using home = await makeStoreHome();
  const places = await openPlaces(home);
  const packed = [WORK, HOME].map((profile) => ({ profile, clientSecret: new Secret("another") }));
  const failing = { ...places, store: broken(places.store, "saveSecrets", 2) };
  await assertRejects(() => importProfiles(packed, true, failing), CliError, "damaged");
  assertEquals(await kept(places), AS_IT_WAS);
  assertEquals((await secretsOf("work", places))?.clientSecret?.reveal(), "a secret");
});

/** The same part, of which one method fails: always, or at one of its calls. */
function broken<T extends object>(part: T, method: keyof T, at?: number): T {
  let calls = 0;
  return new Proxy(part, {
    get(target, name) {
      if (name === method && (++calls === at || at === undefined)) return () => Promise.reject(BROKEN);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
