import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import type { ProgramResult } from "../../support/program/program.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** A user ID that no account of the machine has. */
const OTHER = 54_321;

/** Ends a sign-in that should not have begun. */
const BRIEFLY = ["--timeout", "1s"];

const isWindows = Deno.build.os === "windows";
// Only root can give files to another user.
const isNotRoot = isWindows || Deno.uid() !== 0;

/** Asserts that the program refused its output file before it asked the authority or the user. */
function assertRefusedEarly(
  sandbox: Sandbox,
  { code, stdout, stderr }: ProgramResult,
  expected: number,
  message: string,
): void {
  assertEquals([code, stdout], [expected, ""], stderr);
  assertStringIncludes(stderr, message);
  assertMatch(stderr, /^Hint: Choose another path/m);
  assertEquals([sandbox.provider.requests.length, sandbox.browser.count], [0, 0], "before any sign-in");
}

Deno.test("--file on a file of the program is refused before a sign-in, the first one included", async (t) => {
  await using sandbox = await openSandbox();
  const profiles = await Deno.readTextFile(join(sandbox.home, "profiles.json"));
  for (const name of ["tokens.enc", "key", "profiles.json", "throttle.json", "locks"]) {
    const path = join(sandbox.home, name);
    for (
      const command of [
        ["get-token", ...BRIEFLY],
        ["get-token", "--flow", "device-code", ...BRIEFLY],
        ["export-profile", "--all"],
      ]
    ) {
      await t.step(`${command.join(" ")} --file ${name}`, async () => {
        const result = await sandbox.run([...command, "--file", path]);
        assertRefusedEarly(sandbox, result, 2, "it is a file of entra-auth-cli itself");
        assertEquals(await Deno.readTextFile(join(sandbox.home, "profiles.json")), profiles);
      });
    }
  }
});

Deno.test("--file on a file of the program is refused before a sign-in makes the folder", async () => {
  await using sandbox = await openSandbox();
  const env = { ENTRA_AUTH_CLI_HOME: join(sandbox.folder, "new-home") };
  const { tenantId, clientId, origin } = sandbox.provider;
  const flags = ["--tenant-id", tenantId, "--client-id", clientId, "--authority", origin];
  const file = join(env.ENTRA_AUTH_CLI_HOME, "key");
  const result = await sandbox.run(["get-token", ...BRIEFLY, ...flags, "--file", file], { env });
  assertRefusedEarly(sandbox, result, 2, "it is a file of entra-auth-cli itself");
});

Deno.test({
  name: "--file writes through the user's link, and refuses a link of another user before a sign-in",
  ignore: isNotRoot,
  async fn() {
    await using sandbox = await openSandbox();
    const target = join(sandbox.folder, "target");
    const link = join(sandbox.folder, "link");
    await Deno.symlink("target", link);
    assertEquals((await new Deno.Command("chown", { args: ["-h", `${OTHER}`, link] }).output()).code, 0);
    for (const command of [["get-token", ...BRIEFLY], ["export-profile", "--all"]]) {
      const refused = await sandbox.run([...command, "--file", link]);
      assertRefusedEarly(sandbox, refused, 7, "it is a link of another user");
    }
    const names = await Array.fromAsync(Deno.readDir(sandbox.folder), ({ name }) => name);
    assertEquals(names.filter((name) => name.includes("target")), []);

    assertEquals((await new Deno.Command("chown", { args: ["-h", "0", link] }).output()).code, 0);
    const exported = await sandbox.run(["export-profile", "--all", "--file", link]);
    assertEquals(exported.code, 0, exported.stderr);
    assertStringIncludes(await Deno.readTextFile(target), '"default"');
    await Deno.writeTextFile(target, "");
    const signedIn = await sandbox.signIn(["get-token", "--output", "json", "--file", link]);
    assertEquals(signedIn.code, 0, signedIn.stderr);
    assert((await Deno.lstat(link)).isSymlink);
    assertEquals(JSON.parse(await Deno.readTextFile(target)).token_type, "Bearer");
    await Deno.remove(target);
  },
});

Deno.test({
  name: "A silent pipe ends by a signal in every command that reads a named file",
  ignore: isWindows,
  async fn(t) {
    await using sandbox = await openSandbox();
    const pipe = join(sandbox.folder, "pipe");
    assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
    const token = `${btoa('{"alg":"RS256"}')}.${btoa('{"aud":"api"}')}.c2ln`.replaceAll("=", "");
    const commands = [
      ["import-profile", "--file", pipe],
      ["inspect", "--file", pipe],
      ["inspect", "--verify", "--ca-cert", pipe, token],
      ["doctor", "--ca-cert", pipe],
      ["get-token", "--ca-cert", pipe],
      ["get-token", "--flow", "client-credentials", "--certificate", pipe],
      ["get-token", "--flow", "client-credentials", "--assertion-file", pipe],
    ];
    for (const command of commands) {
      for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
        await t.step(`${signal}: ${command.slice(0, -1).join(" ")}`, async () => {
          const program = sandbox.start(command);
          // Opening returns when the program has opened the pipe, which then stays silent.
          using _writer = await Deno.open(pipe, { write: true });
          program.kill(signal);
          assertEquals((await program.ended).code, code);
        });
      }
    }
  },
});

Deno.test({
  name: "inspect and doctor wait for a silent --ca-cert for a limited time",
  ignore: isWindows,
  async fn() {
    await using sandbox = await openSandbox();
    const pipe = join(sandbox.folder, "pipe");
    assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    const [inspected, doctor] = await Promise.all([
      sandbox.run(["inspect", "--verify", "--ca-cert", pipe], { stdin: token }),
      sandbox.run(["doctor", "--ca-cert", pipe]),
    ]);
    assertEquals(inspected.code, 5, inspected.stderr);
    assertMatch(inspected.stderr, /^error: Timeout reading .*pipe: it did not end within 5 s$/m);
    assertMatch(doctor.stdout, /Timeout reading .*pipe: it did not end within 5 s/);
  },
});
