import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { systemLocks } from "../../../src/system/files/lock.ts";
import { ADA } from "../../support/provider/directory.ts";
import type { ProgramResult, RunningProgram } from "../../support/program/program.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

// On Windows most users cannot create links.
const isCrowded = Deno.build.os !== "windows";
const hasNoSignals = Deno.build.os === "windows";

/** Starts several `get-token` at once. An unexpected browser ends the test soon. */
function startMany(count: number, sandbox: Sandbox, args: readonly string[] = []): RunningProgram[] {
  return Array.from({ length: count }, () => sandbox.start(["get-token", "--timeout", "90s", ...args]));
}

/** Returns the program that opened the browser, and the URL. */
async function holderAmong(
  programs: readonly RunningProgram[],
  sandbox: Sandbox,
): Promise<{ holder: RunningProgram; url: string; others: RunningProgram[] }> {
  const holder = await Promise.any(programs.map(async (program) => {
    await program.stderrMatch(/Waiting for sign-in/);
    return program;
  }));
  const others = programs.filter((program) => program !== holder);
  return { holder, url: await sandbox.browser.next(), others };
}

/** Stops a program until the end of the block, so that it receives nothing. */
function standStill(program: RunningProgram): Disposable {
  program.kill("SIGSTOP");
  return { [Symbol.dispose]: () => program.kill("SIGCONT") };
}

/** Waits until each program has printed that it waits for the process `holder`. */
async function untilTheyWaitFor(holder: RunningProgram, programs: readonly RunningProgram[]): Promise<void> {
  const line = `⏳ Waiting for process ${holder.pid}, which is signing in to profile 'default'...\n`;
  await Promise.all(programs.map((program) => program.stderrMatch(new RegExp(RegExp.escape(line)))));
}

function all(programs: readonly RunningProgram[]): Promise<ProgramResult[]> {
  return Promise.all(programs.map(({ ended }) => ended));
}

function assertAll(results: readonly ProgramResult[], code: number): void {
  const others = results.filter((result) => result.code !== code).map(({ code, stderr }) =>
    `${code}: ${stderr}`
  );
  assertEquals(others, []);
}

/** Asserts that all texts are equal, and returns one. */
function common(texts: readonly string[]): string {
  const [text = "", ...others] = new Set(texts);
  assertEquals(others, []);
  return text;
}

/** Returns the error of a program, without its status lines. */
function errorOf({ stderr }: ProgramResult): string {
  return stderr.split("\n").filter((line) => !/^(⏳|✓|Opening browser)/u.test(line)).join("\n");
}

/** Creates profiles like `default` with these names. */
async function addProfiles({ home }: Sandbox, names: readonly string[]): Promise<void> {
  const path = join(home, "profiles.json");
  const book = JSON.parse(await Deno.readTextFile(path));
  for (const name of names) book.profiles[name] = book.profiles.default;
  await Deno.writeTextFile(path, JSON.stringify(book));
}

Deno.test("20 get-token at once that need a sign-in open one browser, and all print its token", async () => {
  await using sandbox = await openSandbox();
  const programs = startMany(20, sandbox);
  const { holder, url, others } = await holderAmong(programs, sandbox);
  await untilTheyWaitFor(holder, others);
  await sandbox.userAgent.signIn(url, ADA);
  const results = await all(programs);
  assertAll(results, 0);
  assert(common(results.map(({ stdout }) => stdout)).length > 100);
  for (const { stderr } of await all(others)) {
    assertMatch(stderr, /^⏳ Waiting for process \d+, .*\n$/);
  }
  assertEquals(sandbox.browser.count, 1);
  assertEquals(sandbox.provider.requestsTo("authorize").length, 1);
  assertEquals(sandbox.provider.requestsTo("token").length, 1);
});

Deno.test("20 get-token at once exit alike if the user refuses, and none prompts again", async () => {
  await using sandbox = await openSandbox();
  const programs = startMany(20, sandbox);
  const { holder, url, others } = await holderAmong(programs, sandbox);
  await untilTheyWaitFor(holder, others);
  await sandbox.userAgent.signIn(url, { ...ADA, consent: "cancel" });
  const results = await all(programs);
  assertAll(results, 3);
  assertMatch(common(results.map(errorOf)), /^error: Consent was declined \(AADSTS65004, .*\)\nHint: /);
  assertEquals(common(results.map(({ stdout }) => stdout)), "");
  assertEquals([sandbox.browser.count, sandbox.provider.requestsTo("token").length], [1, 0]);
  // A later process prompts again.
  assertEquals((await sandbox.signIn(["get-token"])).code, 0);
});

Deno.test({
  name: "get-token that waited for an unanswered sign-in times out",
  ignore: hasNoSignals,
  async fn() {
    await using sandbox = await openSandbox();
    const holder = sandbox.start(["get-token", "--timeout", "5s"]);
    await holder.stderrMatch(/Waiting for sign-in/);
    const others: RunningProgram[] = [];
    {
      // Its timeout continues while it is stopped.
      using _still = standStill(holder);
      others.push(...startMany(3, sandbox));
      await untilTheyWaitFor(holder, others);
    }
    const results = await all([holder, ...others]);
    assertAll(results, 5);
    assertMatch(common(results.map(errorOf)), /^error: Timeout waiting for authentication callback\nHint: /);
    assertEquals(sandbox.browser.count, 1);
  },
});

Deno.test({
  name: "get-token stops waiting at its own --timeout or Ctrl-C, and names the process it waited for",
  ignore: hasNoSignals,
  async fn() {
    await using sandbox = await openSandbox();
    const { holder, url } = await holderAmong(startMany(1, sandbox), sandbox);
    {
      using _still = standStill(holder);
      const impatient = sandbox.start(["get-token", "--timeout", "2s"]);
      const interrupted = sandbox.start(["get-token"]);
      await untilTheyWaitFor(holder, [interrupted]);
      interrupted.kill("SIGINT");
      const results = await all([impatient, interrupted]);
      assertEquals(results.map(({ code, stdout }) => [code, stdout]), [[5, ""], [130, ""]]);
      const who = `process ${holder.pid}, which is signing in to profile 'default'`;
      assertStringIncludes(results[0]?.stderr ?? "", `Timeout waiting for ${who}\nHint: `);
    }
    assertEquals(sandbox.browser.count, 1);
    await sandbox.userAgent.signIn(url, ADA);
    assertEquals((await holder.ended).code, 0);
  },
});

for (const [signal, code] of [["SIGKILL", 137], ["SIGINT", 130]] as const) {
  Deno.test({
    name: `A waiting get-token takes over the sign-in of one ended by ${signal}, and all print its token`,
    ignore: hasNoSignals,
    async fn() {
      await using sandbox = await openSandbox();
      const programs = startMany(5, sandbox);
      const { holder, others } = await holderAmong(programs, sandbox);
      await untilTheyWaitFor(holder, others);
      holder.kill(signal);
      assertEquals((await holder.ended).code, code);
      const next = await holderAmong(others, sandbox);
      await untilTheyWaitFor(next.holder, next.others);
      await sandbox.userAgent.signIn(next.url, ADA);
      const results = await all(others);
      assertAll(results, 0);
      common(results.map(({ stdout }) => stdout));
      assertEquals(sandbox.browser.count, 2);
    },
  });
}

Deno.test("get-token that waited uses the token of the other also with --force, and refreshes for other scopes", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const forced = ["--force"];
  const same = await holderAmong(startMany(2, sandbox, forced), sandbox);
  await untilTheyWaitFor(same.holder, same.others);
  await sandbox.userAgent.signIn(same.url, ADA);
  const alike = await all([same.holder, ...same.others]);
  assertAll(alike, 0);
  common(alike.map(({ stdout }) => stdout));

  // A token about to expire is of no use to the others.
  sandbox.provider.setAccessTokenTtl(60);
  const wide = startMany(1, sandbox, [...forced, "--scope", "User.Read Mail.Read"]);
  const { holder, url } = await holderAmong(wide, sandbox);
  const narrow = startMany(1, sandbox, [...forced, "--scope", "Mail.Read"]);
  await untilTheyWaitFor(holder, narrow);
  await sandbox.userAgent.signIn(url, ADA);
  const results = await all([holder, ...narrow]);
  assertAll(results, 0);
  assertMatch(
    results[1]?.stderr ?? "",
    /^⏳ Waiting for process .*\n⟳ Refreshing token...\n✓ Token refreshed\n/,
  );
  const grants = sandbox.provider.requestsTo("token").map(({ form }) => form.grant_type);
  assertEquals(grants.slice(-2), ["authorization_code", "refresh_token"]);
  assertEquals(sandbox.browser.count, 3);
});

Deno.test("get-token with --prompt waits for the lock and prompts; with --no-cache it does not wait", async () => {
  await using sandbox = await openSandbox();
  const { holder, url } = await holderAmong(startMany(1, sandbox), sandbox);
  const particular = sandbox.start(["get-token", "--prompt", "login"]);
  await untilTheyWaitFor(holder, [particular]);

  const apart = await holderAmong(startMany(1, sandbox, ["--no-cache"]), sandbox);
  await sandbox.userAgent.signIn(apart.url, ADA);
  assertEquals((await apart.holder.ended).code, 0);

  await sandbox.userAgent.signIn(url, ADA);
  const own = await holderAmong([particular], sandbox);
  await sandbox.userAgent.signIn(own.url, ADA);
  const [first, second] = await all([holder, particular]);
  assertEquals([first?.code, second?.code], [0, 0], second?.stderr);
  assertNotEquals(first?.stdout, second?.stdout);
  assertEquals(sandbox.browser.count, 3);
});

Deno.test("A sign-in in progress blocks nothing but other sign-ins", async () => {
  await using sandbox = await openSandbox();
  await addProfiles(sandbox, ["other"]);
  const { holder, url } = await holderAmong(startMany(1, sandbox), sandbox);
  assertEquals((await sandbox.run(["get-token", "--no-interactive"])).code, 9);
  assertEquals((await sandbox.run(["clear-cache"])).code, 0);
  assertEquals((await sandbox.signIn(["get-token", "--profile", "other"])).code, 0);
  assertEquals((await sandbox.run(["delete-profile", "--name", "other"])).code, 0);
  await sandbox.userAgent.signIn(url, ADA);
  assertEquals((await holder.ended).code, 0);
});

Deno.test("get-token signs in without a lock if the file system has none, and warns that nothing is saved", async () => {
  await using sandbox = await openSandbox();
  await Deno.writeTextFile(join(sandbox.home, "locks"), "in the way");
  const result = await sandbox.signIn(["get-token"]);
  assertEquals(result.code, 0, result.stderr);
  assert(result.stdout.length > 100);
  assertMatch(result.stderr, /^warning: could not save the token: .*locks is a file, not a folder$/m);
});

Deno.test("100 processes that sign in at once, each to its own profile, are all saved", async () => {
  await using sandbox = await openSandbox({ isCrowded });
  const names = Array.from({ length: 100 }, (_, number) => `profile-${number}`);
  await addProfiles(sandbox, names);
  const programs = names.map((name) => sandbox.start(["get-token", "--profile", name]));
  const open = new Set(await Promise.all(names.map(() => sandbox.browser.next())));
  assertEquals(open.size, names.length, "all browsers are open at once");
  for (const url of open) await sandbox.userAgent.signIn(url, ADA);
  const results = await all(programs);
  assertAll(results, 0);
  assertEquals(new Set(results.map(({ stdout }) => stdout)).size, names.length);
  const cached = names.map((name) => sandbox.start(["get-token", "--profile", name, "--no-interactive"]));
  assertEquals((await all(cached)).map(({ stdout }) => stdout), results.map(({ stdout }) => stdout));
});

Deno.test("100 get-token at once with an expired token send one token request, and all print its token", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60, isCrowded });
  const { stdout: expired } = await sandbox.signIn(["get-token"]);
  sandbox.provider.setAccessTokenTtl(3600);
  const before = sandbox.provider.requestsTo("token").length;

  const programs = await startInLine(100, sandbox);
  const results = await all(programs);
  assertAll(results, 0);
  assertNotEquals(common(results.map(({ stdout }) => stdout)), expired);
  const requests = sandbox.provider.requestsTo("token").slice(before);
  assertEquals(requests.map(({ form }) => form.grant_type), ["refresh_token"]);
  assertEquals(results.filter(({ stderr }) => stderr.includes("✓ Token refreshed")).length, 1);
  assertEquals(sandbox.browser.count, 1);
  // The provider ends the session of a refresh token that is used twice; this one is alive.
  assertEquals((await sandbox.run(["refresh"])).code, 0);
});

/** Starts several `get-token` and makes all of them wait before the first can refresh. */
async function startInLine(count: number, sandbox: Sandbox): Promise<RunningProgram[]> {
  const folder = join(sandbox.home, "locks");
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const [lockName = "", ...rest] = names.filter((name) => /^[0-9a-f]+\.lock$/.test(name));
  assertEquals(rest, []);
  using _lock = await systemLocks.acquire(join(folder, lockName));
  const programs = startMany(count, sandbox);
  const line = /⏳ Waiting for another process, which is refreshing profile 'default'/;
  await Promise.all(programs.map((program) => program.stderrMatch(line)));
  return programs;
}
