import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { canMountFuse, type DiskContent, FaultDisk } from "../../support/machine/fault_disk/fault_disk.ts";
import {
  copyContent,
  type Killable,
  killAtStep,
  stepsOf,
} from "../../support/machine/fault_disk/kill_at_step.ts";
import { inheritedVariables } from "../../support/program/program.ts";
import { printFigures } from "../../support/program/print_figures.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const ignore = !await canMountFuse();
const SCRIPT = fromFileUrl(import.meta.resolve("../../support/fixtures/save_sessions.ts"));
const CONFIG = fromFileUrl(import.meta.resolve("../../../deno.json"));

/** Starts a process that saves a session for each profile in the store on the disk. */
function startSaving(disk: FaultDisk, ...profiles: string[]): Killable {
  const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", `--config=${CONFIG}`, ...flags, "--allow-all", SCRIPT]
      .concat(join(disk.path, "home"), "-", ...profiles),
    env: inheritedVariables(),
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return { pid: child.pid, ended: child.status };
}

/** Opens a store with the content of a disk, in the folder of the next run of the program. */
async function storeWith(content: DiskContent): Promise<StoreHome> {
  const home = await makeStoreHome();
  await copyContent(content, join(home.path, ".."));
  return home;
}

async function profilesIn(home: StoreHome): Promise<string[]> {
  return (await home.store().list()).map(({ profile }) => profile);
}

/** The names of unfinished temporary files. */
function drafts(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith(".tmp"));
}

/** Asserts that a disk is accessible to the user alone, and has nothing in plain text. */
function assertPrivate(content: DiskContent): void {
  for (const [path, { data, mode }] of content) {
    assertEquals(mode, data === null ? 0o700 : 0o600, path);
    const text = new TextDecoder("latin1").decode(data ?? new Uint8Array());
    assert(!/token-of|refresh-of|contoso|msalCache/.test(text), path);
  }
}

/** Asserts that the store is the one before or after the write; the next write succeeds, and removes leftovers. */
async function assertOldOrNew(
  content: DiskContent,
  before: string[],
  after: string[],
): Promise<"old" | "new"> {
  assertPrivate(content);
  await using home = await storeWith(content);
  const found = await profilesIn(home);
  const outcome = found.length === after.length ? "new" : "old";
  assertEquals(found, outcome === "new" ? after : before);
  for (const profile of found) {
    const session = await home.store().read(keyOf(profile));
    assertEquals(session?.tokens[0]?.accessToken.reveal(), `token-of-${profile}`);
    assertEquals(session?.msalCache.reveal(), sampleSession(profile).msalCache.reveal());
  }
  // A lock that outlives its holder would make the next write time out.
  await home.store({ lockTimeoutMs: 1000 }).save(sampleSession("next"));
  assertEquals(await profilesIn(home), [...found, "next"]);
  assertEquals(await home.names(), ["key", "tokens.enc", "tokens.lock"]);
  assertEquals(home.notices, []);
  return outcome;
}

/** A disk with a store of these profiles. */
async function contentWith(disk: FaultDisk, ...profiles: string[]): Promise<DiskContent> {
  disk.restore(new Map([["home", { data: null, mode: 0o700 }]]));
  if (profiles.length > 0) await startSaving(disk, ...profiles).ended;
  return disk.content();
}

for (
  const { what, before } of [
    { what: "the first write, which makes the key", before: [] },
    { what: "a later write", before: ["first", "second"] },
  ]
) {
  Deno.test({
    name: `Killed at any step of ${what}, the store is the old one or the new one`,
    ignore,
    async fn() {
      await using disk = await FaultDisk.mount();
      const old = await contentWith(disk, ...before);
      const start = () => startSaving(disk, "new");
      const steps = await stepsOf(disk, start);
      const after = [...before, "new"];
      assertEquals(await assertOldOrNew(disk.contentAfterPowerCut(), before, after), "new", "it was synced");
      for (const kind of ["create", "write", "sync", "rename", "sync folder", "truncate", "close"]) {
        assert(steps.some((step) => step.kind === kind), kind);
      }

      const outcomes: string[] = [];
      let leftovers = 0;
      for (const step of steps.keys()) {
        disk.restore(old);
        await killAtStep(disk, step, start);
        leftovers += drafts([...disk.content().keys()]).length;
        outcomes.push(await assertOldOrNew(disk.content(), before, after));
        // Or the power failed at the same moment.
        await assertOldOrNew(disk.contentAfterPowerCut(), before, after);
        await assertOldOrNew(disk.contentAfterPowerCut({ entriesKept: true }), before, after);
      }
      assertMatch(outcomes.join(" "), /^old( old)+( new)+$/);
      assert(leftovers > 0, "some of the kills left a temporary file");
      assertEquals(disk.faults, []);
      // The kill alone, and with either kind of power failure.
      await printFigures("kills", 3 * steps.length);
    },
  });
}

Deno.test({
  name: "Killed at any step of a refresh beside many profiles, the store has the old token or the new one",
  ignore,
  async fn() {
    const others = Array.from({ length: 130 }, (_, number) => `other-${number}`);
    await using filled = await makeStoreHome();
    assertEquals((await filled.fill([...others, "work"])).directory.length, 2);
    const old: DiskContent = new Map([
      ["home", { data: null, mode: 0o700 }],
      ["home/key", { data: await filled.read("key"), mode: 0o600 }],
      ["home/tokens.enc", { data: await filled.read("tokens.enc"), mode: 0o600 }],
    ]);
    await using disk = await FaultDisk.mount();
    const start = () => startSaving(disk, "work=token-of-refresh");
    disk.restore(old);
    const steps = await stepsOf(disk, start);
    assertEquals(await tokenBeside(others, disk.contentAfterPowerCut()), "token-of-refresh", "it was synced");
    const found: string[] = [];
    for (const step of steps.keys()) {
      disk.restore(old);
      await killAtStep(disk, step, start);
      found.push(await tokenBeside(others, disk.content()));
      await tokenBeside(others, disk.contentAfterPowerCut());
      await tokenBeside(others, disk.contentAfterPowerCut({ entriesKept: true }));
    }
    assertMatch(found.join(" "), /^token-of-work( token-of-work)+( token-of-refresh)+$/);
    assertEquals(disk.faults, []);
    await printFigures("kills", 3 * steps.length);
  },
});

/** Returns the token of the profile `work`, and asserts that the others have theirs. */
async function tokenBeside(others: readonly string[], content: DiskContent): Promise<string> {
  assertPrivate(content);
  await using home = await storeWith(content);
  const tokens = (await home.store().list()).map(({ tokens }) => tokens[0]?.accessToken.reveal());
  assertEquals(tokens.slice(0, -1), others.map((profile) => `token-of-${profile}`));
  const token = tokens.at(-1);
  assert(token === "token-of-work" || token === "token-of-refresh", token);
  return token;
}

Deno.test({
  name: "Killed at any step of creating the folder, the next run completes it",
  ignore,
  async fn() {
    await using disk = await FaultDisk.mount();
    const nothing: DiskContent = new Map();
    const steps = await stepsOf(disk, () => startSaving(disk, "new"));
    const inFolder = steps.findIndex(({ kind, path }) => kind === "create" && path === "home/tokens.lock");
    assert(inFolder > 0);
    for (let step = 0; step <= inFolder; step++) {
      disk.restore(nothing);
      await killAtStep(disk, step, () => startSaving(disk, "new"));
      assertEquals(await assertOldOrNew(disk.content(), [], ["new"]), "old");
    }
  },
});
