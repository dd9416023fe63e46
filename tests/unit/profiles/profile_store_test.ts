import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import { openProfileStore } from "../../../src/profiles/profile_store.ts";
import { profileRecord } from "../../../src/profiles/profile_file.ts";
import { makeStoreHome } from "../../support/fixtures/store_fixture.ts";
import { withoutUndefined } from "../../support/fixtures/without_undefined.ts";

function profile(name: string, more: Partial<Profile> = {}): Profile {
  return {
    name,
    tenantId: "contoso.com",
    clientId: "00000000-0000-4000-8000-00000000000a",
    flow: "interactive",
    scopes: ["User.Read"],
    ...more,
  };
}

Deno.test("A profile store without a file has no profile and creates nothing", async () => {
  await using home = await makeStoreHome();
  const store = openProfileStore({ folder: home.folder() });
  assertEquals(await store.find("work"), null);
  assertEquals(await store.list(), []);
  assertEquals(await store.remove("work"), false);
  await assertRejects(() => Deno.lstat(home.path), Deno.errors.NotFound);
});

Deno.test("add() writes a profile to an indented file for the user alone", async () => {
  await using home = await makeStoreHome();
  const store = openProfileStore({ folder: home.folder() });
  await store.add(profile("work"));
  await store.add(profile("personal", { authority: "https://login.microsoftonline.us" }));
  assertEquals(withoutUndefined(await store.find("work")), profile("work"));
  assertEquals((await store.list()).map(({ name }) => name), ["work", "personal"]);
  if (Deno.build.os !== "windows") assertEquals(await home.mode("profiles.json"), 0o600);
  const text = new TextDecoder().decode(await home.read("profiles.json"));
  assertStringIncludes(text, '"work": {\n      "tenantId": "contoso.com",\n');
  assertStringIncludes(text, '"version": 1');
});

Deno.test("add() rejects a name that is taken, and changes nothing", async () => {
  await using home = await makeStoreHome();
  const store = openProfileStore({ folder: home.folder() });
  await store.add(profile("constructor"));
  const before = await home.read("profiles.json");
  const again = profile("constructor", { tenantId: "other.example" });
  const error = await assertRejects(() => store.add(again), CliError, "Profile 'constructor' already exists");
  assertEquals(error.code, "usage");
  assertEquals(await home.read("profiles.json"), before);
});

Deno.test("addAll() overwrites the known fields of a profile, and keeps the others", async () => {
  await using home = await makeStoreHome();
  const mine = { tenantId: "contoso.com", loginHint: "ada@contoso.com", color: "red" };
  await home.write("profiles.json", JSON.stringify({ note: "mine", profiles: { work: mine, job: 7 } }));
  const store = openProfileStore({ folder: home.folder() });
  const others = [profile("work"), profile("job")];
  await store.addAll(others, { overwrite: true });
  const written = JSON.parse(new TextDecoder().decode(await home.read("profiles.json")));
  const [work, job] = others.map(profileRecord);
  assertEquals(written, { version: 1, note: "mine", profiles: { work: { color: "red", ...work }, job } });
  await store.addAll([profile("new")], { overwrite: true });
  assertNotEquals((await store.lookUp("new")).identity, null);
  assertEquals((await store.lookUp("work")).identity, null);
});

Deno.test("remove() removes one profile, and keeps unknown fields", async () => {
  await using home = await makeStoreHome();
  const other = { tenantId: "contoso.com", color: "red" };
  await home.write("profiles.json", JSON.stringify({ note: "mine", profiles: { work: 7, other } }));
  const store = openProfileStore({ folder: home.folder() });
  assertEquals(await store.remove("toString"), false);
  assertEquals(await store.remove("work"), true);
  assertEquals(await store.remove("work"), false);
  const written = JSON.parse(new TextDecoder().decode(await home.read("profiles.json")));
  assertEquals(written, { version: 1, note: "mine", profiles: { other } });
});

Deno.test("A file with a mistake is never rewritten", async () => {
  await using home = await makeStoreHome();
  const store = openProfileStore({ folder: home.folder() });
  for (const text of ["", "{", '{"profiles": 7}', '{"version": 9}', '{"profiles": {"a": {}, "a": {}}}']) {
    await home.write("profiles.json", text);
    for (const attempt of [() => store.add(profile("work")), () => store.remove("a")]) {
      const error = await assertRejects(attempt, CliError, "profiles.json, line 1, column");
      assertEquals(error.code, "invalid_profile");
    }
    assertEquals(new TextDecoder().decode(await home.read("profiles.json")), text);
  }
});

Deno.test("find() notices that another process has changed the file", async () => {
  await using home = await makeStoreHome();
  const [store, other] = [home, home].map((home) => openProfileStore({ folder: home.folder() }));
  assert(store !== undefined && other !== undefined);
  for (const name of ["one", "two", "six"]) {
    assertEquals(await store.find(name), null);
    await other.add(profile(name));
    assertEquals((await store.find(name))?.name, name);
    await other.update(name, { ...profile(name), tenantId: "fabrikam.com" });
    assertEquals((await store.find(name))?.tenantId, "fabrikam.com");
  }
  await home.write("profiles.json", "{");
  for (let reads = 0; reads < 2; reads++) {
    await assertRejects(() => store.find("one"), CliError, "profiles.json, line 1");
  }
});

Deno.test("add() from many stores at once loses nothing", async () => {
  await using home = await makeStoreHome();
  const names = Array.from({ length: 8 }, (_, number) => `p${number}`);
  await Promise.all(names.map((name) => openProfileStore({ folder: home.folder() }).add(profile(name))));
  assertEquals(
    (await openProfileStore({ folder: home.folder() }).list()).map(({ name }) => name).sort(),
    names,
  );
});

Deno.test({
  name: "profiles.json may be readable by others, but not writable, and must not be a link",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await makeStoreHome();
    const store = openProfileStore({ folder: home.folder() });
    await store.add(profile("work"));
    await Deno.chmod(home.file("profiles.json"), 0o644);
    assertEquals((await store.find("work"))?.name, "work");
    assertEquals([await home.mode("profiles.json"), home.notices], [0o644, []]);
    await Deno.chmod(home.file("profiles.json"), 0o666);
    assertEquals((await store.find("work"))?.name, "work");
    assertEquals([await home.mode("profiles.json"), home.notices.length], [0o600, 1]);
    await Deno.rename(home.file("profiles.json"), home.file("elsewhere.json"));
    await Deno.symlink(home.file("elsewhere.json"), home.file("profiles.json"));
    await assertRejects(() => store.find("work"), CliError, "is a symbolic link");
  },
});

Deno.test("A profile that is nested too deeply is reported if it is the one, and before every list and change", async () => {
  await using home = await makeStoreHome();
  const { name, ...work } = profile("work");
  for (const depth of [201, 20_000]) {
    const content = JSON.stringify({ version: 1, profiles: { [name]: work, deep: { ...work, notes: 0 } } })
      .replace('"notes":0', () => `"notes":${"[".repeat(depth)}${"]".repeat(depth)}`);
    await home.write("profiles.json", content);
    const store = openProfileStore({ folder: home.folder() });
    assertEquals((await store.find("work"))?.name, "work");
    const attempts = [
      () => store.find("deep"),
      () => store.list(),
      () => store.add(profile("new")),
      () => store.choose("work"),
      () => store.remove("work"),
    ];
    for (const attempt of attempts) {
      await assertRejects(attempt, CliError, "line 1, column 1: the values are nested too deeply");
    }
    // A mistake elsewhere is not looked for where the parser would overflow the stack.
    await home.write("profiles.json", content.replace("interactive", "wrong"));
    const error = await assertRejects(() => store.find("work"), CliError);
    assertEquals(error.code, "invalid_profile");
    await home.write("profiles.json", content.replace('"version":1', '"version":2'));
    await assertRejects(() => store.find("work"), CliError, "nested too deeply");
  }
});

Deno.test("lookUpAll() finds thousands of profiles in one read", async () => {
  await using home = await makeStoreHome();
  const names = Array.from({ length: 5000 }, (_, number) => `profile-${number}`);
  const folder = home.folder();
  let reads = 0;
  const counting = {
    ...folder,
    readChanged(...args: Parameters<typeof folder.readChanged>) {
      reads++;
      return folder.readChanged(...args);
    },
  };
  await openProfileStore({ folder }).addAll(names.map((name) => profile(name)), { overwrite: false });
  const found = await openProfileStore({ folder: counting }).lookUpAll([...names, "other"]);
  assertEquals(reads, 1);
  assertEquals(found.get("profile-4999")?.profile?.name, "profile-4999");
  assertNotEquals(found.get("profile-4999")?.identity, null);
  assertEquals(found.get("other"), { name: "other", profile: null, identity: null });
});
