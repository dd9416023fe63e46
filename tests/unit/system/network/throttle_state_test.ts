import { assertEquals } from "@std/assert";
import { FileError } from "../../../../src/system/files/file_error.ts";
import { systemFiles } from "../../../../src/system/files/deno_files.ts";
import type { Files } from "../../../../src/system/files/files.ts";
import { openThrottleState } from "../../../../src/system/network/throttle_state.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";
import { makeStoreHome } from "../../../support/fixtures/store_fixture.ts";

const START_MS = Date.UTC(2025, 11, 28, 12, 0, 0);
const MINUTE_MS = 60_000;
const FILE = "throttle.json";

Deno.test("a pause is stored by host and application and shared between processes", async () => {
  await using home = await makeStoreHome();
  const clock = new FakeClock(START_MS);
  const open = (clientId: string) => openThrottleState(home.folder(), clientId, clock);
  assertEquals(await open("one").until("login.example"), null);
  await open("one").remember("login.example", START_MS + MINUTE_MS);
  await open("two").remember("login.example", START_MS + 2 * MINUTE_MS);
  await open("one").remember("other.example", START_MS + 3 * MINUTE_MS);
  assertEquals(await open("one").until("login.example"), START_MS + MINUTE_MS);
  assertEquals(await open("two").until("login.example"), START_MS + 2 * MINUTE_MS);
  assertEquals(await open("two").until("other.example"), null);
  await open("one").remember("login.example", START_MS + 4 * MINUTE_MS);
  assertEquals(await open("one").until("login.example"), START_MS + 4 * MINUTE_MS);
});

Deno.test("the file of pauses has mode 0600, is readable, and drops pauses that have ended", async () => {
  await using home = await makeStoreHome();
  const clock = new FakeClock(START_MS);
  const pauses = openThrottleState(home.folder(), "one", clock);
  await pauses.remember("old.example", START_MS + MINUTE_MS);
  clock.move(90);
  await pauses.remember("login.example", START_MS + 2 * MINUTE_MS);
  assertEquals(JSON.parse(await Deno.readTextFile(home.file(FILE))), {
    version: 1,
    pauses: [{ host: "login.example", client_id: "one", until: "2025-12-28T12:02:00.000Z" }],
  });
  if (Deno.build.os !== "windows") {
    assertEquals(await home.mode(FILE), 0o600);
    // A folder is closed only if it contains nothing but files of this program.
    await Deno.chmod(home.path, 0o755);
    const later = openThrottleState(home.folder(), "one", clock);
    assertEquals(await later.until("login.example"), START_MS + 2 * MINUTE_MS);
    assertEquals(await home.mode(), 0o700);
  }
});

Deno.test("a pause lasts at most ten minutes, even if the clock is changed", async () => {
  await using home = await makeStoreHome();
  const clock = new FakeClock(START_MS);
  const pauses = openThrottleState(home.folder(), "one", clock);
  await pauses.remember("login.example", START_MS + 5 * MINUTE_MS);
  const isPaused = async (atMs: number) => {
    clock.move((START_MS + atMs - clock.now()) / 1000);
    return await pauses.until("login.example") !== null;
  };
  assertEquals(await isPaused(5 * MINUTE_MS - 1), true);
  assertEquals(await isPaused(5 * MINUTE_MS), false);
  assertEquals(await isPaused(-5 * MINUTE_MS), true);
  assertEquals(await isPaused(-5 * MINUTE_MS - 1), false, "no pause is that long");
});

Deno.test("a damaged file of pauses counts as empty, and the next pause repairs it", async () => {
  const entry = { host: "login.example", client_id: "one", until: "2025-12-28T12:05:00.000Z" };
  const damaged = [
    "",
    "{",
    "null",
    "[]",
    "7",
    JSON.stringify({ pauses: 7 }),
    JSON.stringify({ pauses: [null, 7, {}, { ...entry, until: "soon" }, { ...entry, host: 7 }] }),
    JSON.stringify({ pauses: [{ ...entry, client_id: null }, { ...entry, until: 1e15 }] }),
    JSON.stringify({ pauses: [{ ...entry, until: "2099-01-01T00:00:00Z" }] }),
    "\u0000".repeat(1000),
  ];
  await using home = await makeStoreHome();
  const pauses = openThrottleState(home.folder(), "one", new FakeClock(START_MS));
  await pauses.remember("login.example", START_MS + MINUTE_MS);
  for (const text of damaged) {
    await Deno.writeTextFile(home.file(FILE), text);
    assertEquals(await pauses.until("login.example"), null, text);
    await pauses.remember("login.example", START_MS + MINUTE_MS);
    assertEquals(await pauses.until("login.example"), START_MS + MINUTE_MS, text);
  }
  await Deno.writeTextFile(home.file(FILE), JSON.stringify({ pauses: [7, entry] }));
  assertEquals(await pauses.until("login.example"), START_MS + 5 * MINUTE_MS, "what is good in it counts");
});

Deno.test("a folder that cannot be read or written stores no pauses and causes no error", async () => {
  const broken: Files = {
    ...systemFiles,
    lstat: (path) => Promise.reject(new FileError("denied", `inspect ${path}`, path)),
    makeFolder: (path) => Promise.reject(new FileError("read_only", `make ${path}`, path)),
  };
  await using home = await makeStoreHome();
  const pauses = openThrottleState(home.folder(broken), "one", new FakeClock(START_MS));
  await pauses.remember("login.example", START_MS + MINUTE_MS);
  assertEquals(await pauses.until("login.example"), null);
});
