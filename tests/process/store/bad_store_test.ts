import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import type { ProgramResult } from "../../support/program/program.ts";
import { ADA } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const isWindows = Deno.build.os === "windows";
const isRoot = !isWindows && Deno.uid() === 0;
/** Nothing here waits: a program that takes longer hangs. */
const MAX_RUN_MS = 30_000;
const STRANGER = 54_321;

/** Runs the program, and kills it if it hangs. A bare `create-profile` gets the flags it needs. */
async function run(sandbox: Sandbox, ...args: string[]): Promise<ProgramResult> {
  const isBare = args.join() === "create-profile";
  const program = sandbox.start(isBare ? createProfileArgs("other", sandbox.provider) : args);
  const timer = setTimeout(() => program.kill("SIGKILL"), MAX_RUN_MS);
  try {
    return await program.ended;
  } finally {
    clearTimeout(timer);
  }
}

async function runCommand(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert(success, new TextDecoder().decode(stderr));
}

/** Opens a sandbox with a signed-in user, and returns the token too. */
async function openSignedIn(): Promise<{ sandbox: Sandbox; token: string }> {
  await using parts = new AsyncDisposableStack();
  const sandbox = parts.use(await openSandbox());
  const { code, stdout, stderr } = await sandbox.signIn(["get-token"]);
  assertEquals(code, 0, stderr);
  parts.move();
  return { sandbox, token: stdout };
}

/** Asserts exit code 7, one clear error, and nothing on stdout. */
function assertStoreError(result: ProgramResult, ...parts: string[]): void {
  assertEquals([result.code, result.stdout], [7, ""], result.stderr);
  for (const part of parts) assertStringIncludes(result.stderr, part);
  assertMatch(result.stderr, /\nHint: /);
  assert(!/\n\s+at |Unexpected error/.test(result.stderr), result.stderr);
}

/** Obstacles in place of a file or a directory. */
const OBSTACLES = [
  { what: "a symbolic link", put: (path: string, victim: string) => Deno.symlink(victim, path) },
  { what: "a symbolic link", put: (path: string) => Deno.symlink(`${path}-nowhere`, path) },
  { what: "a special file", put: (path: string) => runCommand("mkfifo", path) },
  { what: "a folder", put: (path: string) => Deno.mkdir(path, { mode: 0o700 }) },
  { what: "a file", put: (path: string) => Deno.writeTextFile(path, "", { mode: 0o600 }) },
  {
    what: "a special file",
    put: (path: string) => runCommand("mknod", path, "c", "1", "3"),
    needsRoot: true,
  },
];

/** Each file and directory of the home folder, with a command that needs it. */
const PLACES = [
  { place: "tokens.enc", wanted: "file", command: ["get-token", "--no-interactive"] },
  { place: "key", wanted: "file", command: ["get-token", "--no-interactive"] },
  { place: "tokens.lock", wanted: "file", command: ["clear-cache"] },
  { place: "locks", wanted: "folder", command: ["refresh"] },
  { place: "profiles.json", wanted: "file", command: ["list-profiles"] },
  { place: "profiles.lock", wanted: "file", command: ["create-profile"] },
  { place: "", wanted: "folder", command: ["create-profile"] },
];

for (const { place, wanted, command } of PLACES) {
  Deno.test({
    name: `Anything but a ${wanted} in place of ${
      place || "the home folder"
    } is rejected at once, and left unchanged`,
    ignore: isWindows,
    async fn() {
      const { sandbox } = await openSignedIn();
      await using _sandbox = sandbox;
      const victim = join(sandbox.folder, "victim");
      await Deno.writeTextFile(victim, "mine", { mode: 0o644 });
      const path = place === "" ? sandbox.home : join(sandbox.home, place);
      await Deno.rename(path, join(sandbox.folder, "aside"));
      for (const { what, put, needsRoot = false } of OBSTACLES) {
        if (what === `a ${wanted}` || (needsRoot && !isRoot)) continue;
        await put(path, victim);
        const facts = await Deno.lstat(path);
        const result = await run(sandbox, ...command);
        // The first failing operation may be one inside the directory.
        const isMetInside = place === "" && result.stderr.includes("part of the path is not a folder");
        assertStoreError(result, isMetInside ? path : `${path} is ${what}, not a ${wanted}`);
        const { mode, ino } = await Deno.lstat(path);
        assertEquals([mode, ino], [facts.mode, facts.ino]);
        assertEquals([await Deno.readTextFile(victim), ((await Deno.stat(victim)).mode ?? 0) & 0o777], [
          "mine",
          0o644,
        ]);
        assertEquals(await Deno.lstat(`${path}-nowhere`).catch(() => "nothing"), "nothing");
        await Deno.remove(path);
      }
      await Deno.rename(join(sandbox.folder, "aside"), path);
      assertEquals((await run(sandbox, "get-token", "--no-interactive")).code, 0);
    },
  });
}

Deno.test({
  name: "A new token is printed with a warning if a lock or the key is replaced by something else",
  ignore: isWindows,
  async fn() {
    await using sandbox = await openSandbox();
    for (const place of ["tokens.lock", "key", "locks"]) {
      const path = join(sandbox.home, place);
      await Deno.remove(path, { recursive: true }).catch(() => {});
      await Deno.symlink(join(sandbox.folder, "nowhere"), path);
      const result = await sandbox.signIn(["get-token"]);
      assertEquals(result.code, 0, result.stderr);
      assertMatch(result.stdout, /^[\w.-]{20,}\n$/);
      assertStringIncludes(result.stderr, `warning: could not save the token: ${path} is a symbolic link`);
      assertEquals(await Deno.lstat(join(sandbox.folder, "nowhere")).catch(() => "nothing"), "nothing");
      await Deno.remove(path);
    }
  },
});

Deno.test({
  name: "Permissive modes are restricted with a notice, but a key that others could read is rejected",
  ignore: isWindows,
  async fn() {
    const { sandbox, token } = await openSignedIn();
    await using _sandbox = sandbox;
    const path = (name: string) => join(sandbox.home, name);
    const mode = async (name: string) => ((await Deno.stat(path(name))).mode ?? 0) & 0o777;
    for (const [name, open] of [["", 0o755], ["tokens.enc", 0o644], ["profiles.json", 0o666]] as const) {
      await Deno.chmod(path(name), open);
      const result = await run(sandbox, "get-token", "--no-interactive");
      assertEquals([result.code, result.stdout], [0, token], result.stderr);
      assertMatch(
        result.stderr,
        new RegExp(`^Notice: .* was open to other users \\(mode 0${open.toString(8)}\\)`, "m"),
      );
      assertEquals(await mode(name), name === "" ? 0o700 : 0o600);
    }
    await Deno.chmod(path("key"), 0o640);
    assertStoreError(await run(sandbox, "get-token", "--no-interactive"), path("key"), "chmod 600");
    assertEquals(await mode("key"), 0o640);
  },
});

Deno.test({
  name: "A file of another user is rejected, and a directory of another user is not written to",
  ignore: !isRoot,
  async fn() {
    const { sandbox } = await openSignedIn();
    await using _sandbox = sandbox;
    for (const { place, wanted, command } of PLACES) {
      if (wanted === "folder") continue;
      await Deno.chown(join(sandbox.home, place), STRANGER, STRANGER);
      assertStoreError(
        await run(sandbox, ...command),
        `${join(sandbox.home, place)} belongs to another user`,
      );
      await Deno.chown(join(sandbox.home, place), 0, 0);
    }
    // Like `sudo entra-auth-cli` in a user's folder: the user could not read its files afterwards.
    const names = async () => (await Array.fromAsync(Deno.readDir(sandbox.home), ({ name }) => name)).sort();
    for (const name of ["", ...await names()]) await Deno.chown(join(sandbox.home, name), STRANGER, STRANGER);
    const before = await Deno.readFile(join(sandbox.home, "tokens.enc"));
    const left = await names();
    for (const command of [["get-token", "--force"], ["create-profile"]]) {
      assertStoreError(await run(sandbox, ...command), "belongs to another user");
    }
    assertEquals([await Deno.readFile(join(sandbox.home, "tokens.enc")), await names()], [before, left]);
  },
});

/** Content of `tokens.enc` that this program, or this user, did not write, given the original. */
const FOREIGN_CONTENT: Readonly<
  Record<string, { make: (own: Uint8Array) => Uint8Array | Promise<Uint8Array>; says: string }>
> = {
  "a newer version": { make: (own) => withVersion(own, 9), says: "written by a newer version" },
  "an older version": { make: (own) => withVersion(own, 0), says: "unknown format 0" },
  "nothing, as after a power cut": { make: () => new Uint8Array(), says: "the file is empty" },
  "another program's data": {
    make: () => new TextEncoder().encode('{"tokens": []}'),
    says: "the first bytes are wrong",
  },
  "another user's tokens": { make: tokensOfAnotherUser, says: "was encrypted with a different key" },
  "half of what was written": {
    make: (own) => own.slice(0, own.length / 2),
    says: "Cannot decrypt tokens.enc",
  },
};

function withVersion(own: Uint8Array, version: number): Uint8Array {
  const changed = own.slice();
  changed[4] = version;
  return changed;
}

async function tokensOfAnotherUser(): Promise<Uint8Array> {
  const { sandbox } = await openSignedIn();
  await using _sandbox = sandbox;
  return await Deno.readFile(join(sandbox.home, "tokens.enc"));
}

for (const [what, { make, says }] of Object.entries(FOREIGN_CONTENT)) {
  Deno.test(`A tokens.enc with ${what} is kept until clear-cache moves it aside and prints its new path`, async () => {
    const { sandbox } = await openSignedIn();
    await using _sandbox = sandbox;
    const path = join(sandbox.home, "tokens.enc");
    const content = await make(await Deno.readFile(path));
    await Deno.writeFile(path, content);
    for (const command of ["get-token", "refresh"]) {
      const result = await run(sandbox, command);
      assertStoreError(result, says, "clear-cache");
      assertEquals(await Deno.readFile(path), content);
    }
    assertEquals(sandbox.browser.count, 1, "there is no prompt before the file is moved aside");

    const cleared = await run(sandbox, "clear-cache");
    assertEquals([cleared.code, cleared.stdout], [0, ""], cleared.stderr);
    const aside = /moved, .*, to (\S+)/.exec(cleared.stderr)?.[1] ?? cleared.stderr;
    assertEquals(await Deno.readFile(aside), content);
    if (!isWindows) assertEquals(((await Deno.stat(aside)).mode ?? 0) & 0o777, 0o600);
    assertEquals((await run(sandbox, "get-token", "--no-interactive")).code, 9);

    const again = await sandbox.signIn(["get-token"], ADA);
    assertEquals(again.code, 0, again.stderr);
    assertEquals((await run(sandbox, "get-token", "--no-interactive")).stdout, again.stdout);
    assertEquals(await Deno.readFile(aside), content);
  });
}
