import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { examine } from "../../../../src/flows/doctor/examine.ts";
import type { DoctorProbes } from "../../../../src/flows/doctor/doctor_probes.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";

const KEY = { keyStore: "key-file", place: "the file ~/key" } as const;

const WELL: DoctorProbes = {
  os: "linux",
  runtime: "Deno",
  privateNames: { home: "/home/ada", ownFolder: undefined, os: "linux" },
  permissions: () => Promise.resolve([]),
  folder: () => Promise.resolve({ path: "/home/ada/f", locks: "work" }),
  countProfiles: () => Promise.resolve(1),
  settings: () =>
    Promise.reject(new CliError("no_profile", "Profile 'default' does not exist", { hint: "Create it" })),
  countSignIns: () => Promise.resolve(0),
  key: () => Promise.resolve({ place: { ...KEY, isInUse: true, reason: null }, best: KEY }),
  browser: () =>
    Promise.resolve({ hasDisplay: true, displayReason: "so", browserVariable: undefined, openers: [] }),
  az: () => Promise.resolve(null),
  connectToItself: () => Promise.resolve({ kind: "connected" }),
  route: () => ({ host: "login.example", proxy: null, ignoredVariable: null, extraRoots: null }),
  askAuthority: () => Promise.resolve({ status: 200, isDiscoveryDocument: true, clockAheadMs: 0 }),
};

const NEVER = new AbortController().signal;

Deno.test("examine() ends in time and reports the other checks if one hangs", async () => {
  const time = new AbortController();
  const clock = { now: () => 0, deadline: () => ({ signal: time.signal, [Symbol.dispose]() {} }) };
  const hanging = { ...WELL, countSignIns: () => new Promise<number>(() => {}) };
  const examining = examine(hanging, { clock, signal: NEVER });
  // Whatever doesn't hang is over by then.
  await new Promise((resolve) => setTimeout(resolve));
  time.abort();
  const findings = await examining;
  assertEquals(findings.length, 14);
  assertEquals(findings.find(({ check }) => check === "folder")?.message, "~/f, can be written and locked");
  assertEquals(findings.filter(({ level }) => level === "fail").map(({ check }) => check), ["tokens"]);
  assertEquals(findings.find(({ check }) => check === "tokens")?.message, "no result within 10 s");
});

Deno.test("examine() uses the public cloud if there is no profile", async () => {
  const asked: string[] = [];
  const route = (url: string) => (asked.push(url), WELL.route(url));
  await examine({ ...WELL, route }, { clock: new FakeClock(0), signal: NEVER });
  assertEquals(asked, ["https://login.microsoftonline.com/organizations"]);
});

Deno.test("examine() turns a CliError into a finding, and throws any other error", async () => {
  const refused = new CliError("store", "The keyring is locked", { hint: "Unlock it" });
  const findings = await examine({ ...WELL, key: () => Promise.reject(refused) }, {
    clock: new FakeClock(0),
    signal: NEVER,
  });
  const key = findings.find(({ check }) => check === "key");
  assertEquals([key?.level, key?.message, key?.remedy], ["fail", "The keyring is locked", "Unlock it"]);
  await assertRejects(
    () =>
      examine({ ...WELL, key: () => Promise.reject(new TypeError("x")) }, {
        clock: new FakeClock(0),
        signal: NEVER,
      }),
    TypeError,
  );
});

Deno.test("examine() ends when the user interrupts it", async () => {
  const interrupt = new AbortController();
  const hanging = { ...WELL, countSignIns: () => new Promise<number>(() => {}) };
  const examining = examine(hanging, { clock: new FakeClock(0), signal: interrupt.signal });
  interrupt.abort(new CliError("interrupted", "Interrupted"));
  await assertRejects(() => examining, CliError, "Interrupted");
});
