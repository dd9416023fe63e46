import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { formatSession, parseSession } from "../../../src/store/session.ts";
import { keyFileStore } from "../../../src/store/keystore/key_file.ts";
import { formatTokenFile } from "../../../src/store/format_token_file.ts";
import { bytesInMemory, parseTokenFile } from "../../../src/store/token_file.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { systemLocks } from "../../../src/system/files/lock.ts";
import { openPrivateFolder } from "../../../src/system/files/private_folder.ts";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const ONLY_CACHED = ["get-token", "--no-interactive"];

interface StoredProfile {
  readonly id?: string;
  readonly generation?: number;
}

async function storedProfile({ home }: Sandbox, name = "default"): Promise<StoredProfile> {
  return JSON.parse(await Deno.readTextFile(join(home, "profiles.json"))).profiles[name];
}

/** Changes the file of the profiles by hand. */
async function editProfiles(
  { home }: Sandbox,
  edit: (profiles: Record<string, Record<string, unknown>>) => void,
): Promise<void> {
  const path = join(home, "profiles.json");
  const file = JSON.parse(await Deno.readTextFile(path));
  edit(file.profiles);
  await Deno.writeTextFile(path, JSON.stringify(file));
}

/** Removes what binds tokens to profiles, as in the files of an earlier version. */
async function makeOld(sandbox: Sandbox): Promise<void> {
  await editProfiles(sandbox, (profiles) => {
    for (const profile of Object.values(profiles)) {
      delete profile.id;
      delete profile.generation;
    }
  });
  const notice = () => {};
  const folder = openPrivateFolder({ path: sandbox.home, files: systemFiles, locks: systemLocks, notice });
  const key = await keyFileStore(folder).load(new Uint8Array());
  assert(key !== null);
  const source = bytesInMemory(await Deno.readFile(join(sandbox.home, "tokens.enc")));
  const file = await parseTokenFile(source, key.key);
  const records = await Promise.all((await file.all()).map(async (entry) => {
    const { kind, name } = entry;
    const data = await file.open(entry);
    if (kind !== "session") return { kind, name, data };
    return { kind, name, data: formatSession({ ...parseSession(data), identity: null }) };
  }));
  await folder.replace("tokens.enc", await formatTokenFile(file.header, key.key, records));
}

Deno.test("A token file of another home yields nothing, though its key and the profile's name are the same", async () => {
  await using sandbox = await openSandbox();
  const env = { ENTRA_AUTH_CLI_KEY: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=" };
  const other = { ...env, ENTRA_AUTH_CLI_HOME: join(sandbox.folder, "other") };
  const created = await sandbox.run(
    createProfileArgs("default", sandbox.provider, "--scope", "User.Read"),
    { env: other },
  );
  assertEquals(created.code, 0, created.stderr);
  const signedIn = await sandbox.signIn(["get-token"], ADA, { env });
  assertEquals(signedIn.code, 0, signedIn.stderr);
  await Deno.copyFile(join(sandbox.home, "tokens.enc"), join(sandbox.folder, "other", "tokens.enc"));
  const copied = await sandbox.run(ONLY_CACHED, { env: other });
  assertEquals([copied.code, copied.stdout], [9, ""], copied.stderr);
  const status = JSON.parse((await sandbox.run(["status", "-o", "json"], { env: other })).stdout);
  assertEquals([status.sign_ins, status.not_signed_in], [[], ["default"]]);
  assertEquals((await sandbox.run(["inspect"], { env: other })).code, 6);
});

Deno.test("An older copy of the token file yields nothing after another user signed in", async () => {
  await using sandbox = await openSandbox();
  const [file, copy] = [join(sandbox.home, "tokens.enc"), join(sandbox.folder, "copy")];
  assertEquals((await sandbox.signIn(["get-token"])).code, 0);
  await Deno.copyFile(file, copy);
  const other = await sandbox.signIn(["get-token", "--force", "--prompt", "login"], BOB);
  assertEquals(other.code, 0, other.stderr);
  const cached = await sandbox.run(ONLY_CACHED);
  assertEquals([cached.code, cached.stdout], [0, other.stdout], cached.stderr);
  await Deno.copyFile(copy, file);
  const older = await sandbox.run(ONLY_CACHED);
  assertEquals([older.code, older.stdout], [9, ""], older.stderr);
});

Deno.test("An older copy of the token file yields nothing after clear-cache", async () => {
  await using sandbox = await openSandbox();
  const [file, copy] = [join(sandbox.home, "tokens.enc"), join(sandbox.folder, "copy")];
  for (const flags of [[], ["--all", "--yes"]]) {
    assertEquals((await sandbox.signIn(["get-token"])).code, 0);
    await Deno.copyFile(file, copy);
    assertEquals((await sandbox.run(["clear-cache", ...flags])).code, 0);
    await Deno.copyFile(copy, file);
    const older = await sandbox.run(ONLY_CACHED);
    assert(older.code !== 0 && older.stdout === "", older.stderr);
    await Deno.remove(file);
  }
});

Deno.test("A profile that is renamed and recreated during a sign-in gets nothing of the old one", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"]);
  const url = await sandbox.browser.next();
  const renamed = await sandbox.run(["edit-profile", "--name", "default", "--rename", "former"]);
  assertEquals(renamed.code, 0, renamed.stderr);
  const created = await sandbox.run(
    createProfileArgs("default", sandbox.provider, "--scope", "User.Read"),
  );
  assertEquals(created.code, 0, created.stderr);
  await sandbox.userAgent.signIn(url, ADA);
  const ended = await program.ended;
  assertStringIncludes(ended.stderr, "'default' was replaced by another one while the command ran");
  for (const name of ["default", "former"]) {
    const { code, stdout } = await sandbox.run([...ONLY_CACHED, "--profile", name]);
    assertEquals([code, stdout], [9, ""], name);
  }
});

Deno.test("edit-profile --rename keeps id and tokens, and an imported profile has an id of its own", async () => {
  await using sandbox = await openSandbox();
  const signedIn = await sandbox.signIn(["get-token"]);
  const { id } = await storedProfile(sandbox);
  assertMatch(id ?? "", /^[0-9a-f]{32}$/);
  assertEquals((await sandbox.run(["edit-profile", "--name", "default", "--rename", "new"])).code, 0);
  assertEquals((await storedProfile(sandbox, "new")).id, id);
  const cached = await sandbox.run([...ONLY_CACHED, "--profile", "new"]);
  assertEquals([cached.code, cached.stdout], [0, signedIn.stdout], cached.stderr);

  const exported = await sandbox.run(["export-profile", "--name", "new"]);
  assertEquals(exported.stdout.includes(id ?? ""), false);
  const imported = await sandbox.run(["import-profile", "--name", "copy"], { stdin: exported.stdout });
  assertEquals(imported.code, 0, imported.stderr);
  assertNotEquals((await storedProfile(sandbox, "copy")).id, id);
  assertEquals((await sandbox.run([...ONLY_CACHED, "--profile", "copy"])).code, 9);
});

Deno.test("Files of an earlier version are read as they are, and the first refresh binds their tokens", async () => {
  await using sandbox = await openSandbox();
  const signedIn = await sandbox.signIn(["get-token"]);
  await makeOld(sandbox);
  const before = await Deno.readTextFile(join(sandbox.home, "profiles.json"));
  const cached = await sandbox.run(ONLY_CACHED);
  assertEquals([cached.code, cached.stdout], [0, signedIn.stdout], cached.stderr);
  assertEquals(
    await Deno.readTextFile(join(sandbox.home, "profiles.json")),
    before,
    "reading writes nothing",
  );

  const refreshed = await sandbox.run(["refresh"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
  const { id, generation } = await storedProfile(sandbox);
  assertMatch(id ?? "", /^[0-9a-f]{32}$/);
  assertEquals(generation, undefined);
  assertEquals((await sandbox.run(ONLY_CACHED)).code, 0);
  assertEquals((await sandbox.run(["refresh"])).code, 0);
});

Deno.test("Binding the tokens of an earlier version can be interrupted after each of its writes", async () => {
  await using sandbox = await openSandbox();
  assertEquals((await sandbox.signIn(["get-token"])).code, 0);
  const { id } = await storedProfile(sandbox);
  // The tokens are bound, and profiles.json does not say so yet.
  await editProfiles(sandbox, ({ default: profile = {} }) => {
    profile.generation = 0;
  });
  assertEquals((await sandbox.run(ONLY_CACHED)).code, 0);
  assertEquals((await sandbox.run(["refresh"])).code, 0);
  assertEquals(await storedGeneration(sandbox), undefined);
  // Only profiles.json has been written.
  await makeOld(sandbox);
  await editProfiles(sandbox, ({ default: profile = {} }) => {
    profile.id = id;
    profile.generation = 0;
  });
  assertEquals((await sandbox.run(ONLY_CACHED)).code, 0);
  assertEquals((await sandbox.run(["refresh"])).code, 0);
  assertEquals(await storedGeneration(sandbox), undefined);
  assertEquals((await sandbox.run(ONLY_CACHED)).code, 0);
});

async function storedGeneration(sandbox: Sandbox): Promise<number | undefined> {
  return (await storedProfile(sandbox)).generation;
}
