/**
 * Tests on Windows, or under Wine (scripts/windows/wine.ts), what only an executable meets there: cmd, names of the system,
 * and browsers outside of PATH.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basename } from "@std/path/basename";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { ADA } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox } from "../../support/program/sandbox.ts";

const executable = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") ?? "";
const ignore = Deno.build.os !== "windows" || executable === "";

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  return (await new Deno.Command(command, { args, stdin: "null" }).output()).success;
}

/** The paths at which the installers of common browsers place them. */
const INSTALLED_BROWSERS = [
  "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** Tests must not touch the browsers and the registry of a real Windows. */
const isWine = !ignore && await succeeds("reg", "query", "HKCU\\Software\\Wine");

Deno.test({
  name:
    "an executable works in folders of any name on Windows, writes to files and to NUL, and runs commands",
  ignore,
  async fn(test) {
    await using sandbox = await openSandbox();
    const folder = join(sandbox.folder, "Äda Löwe ☃");
    await Deno.mkdir(folder);
    const program = join(folder, "entra auth.exe");
    await Deno.copyFile(executable, program);
    const env = { ENTRA_AUTH_CLI_HOME: "", USERPROFILE: folder, BROWSER: sandbox.browser.browser };
    const options = { executable: program, env };
    const created = await sandbox.run(createProfileArgs("default", sandbox.provider), options);
    assertEquals(created.code, 0, created.stderr);
    const { code, stdout: token, stderr } = await sandbox.signIn(["get-token"], ADA, options);
    assertEquals(code, 0, stderr);

    await test.step("--file writes the token, and nothing to NUL", async () => {
      const file = join(folder, "token file.txt");
      const written = await sandbox.run(["get-token", "--file", file], options);
      assertEquals([written.code, written.stdout], [0, ""], written.stderr);
      assertEquals(await Deno.readTextFile(file), token);
      await Deno.remove(file);
      const dropped = await sandbox.run(["get-token", "--file", "NUL"], options);
      assertEquals([dropped.code, dropped.stdout], [0, ""], dropped.stderr);
    });

    await test.step("exec passes the token, and its exit code", async () => {
      const echo = ["exec", "--", "cmd", "/d", "/c", "echo %ACCESS_TOKEN%& exit 7"];
      const ran = await sandbox.run(echo, options);
      assertEquals([ran.code, ran.stdout.trim()], [7, token.trim()], ran.stderr);
    });

    await test.step("git receives the token", async () => {
      const devOps = ["get-token", "--scope", "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation"];
      assertEquals((await sandbox.signIn(devOps, ADA, options)).code, 0);
      const stdin = "protocol=https\nhost=dev.azure.com\n\n";
      const helped = await sandbox.run(["credential-helper", "get"], { ...options, stdin });
      assertEquals(helped.code, 0, helped.stderr);
      assertMatch(helped.stdout, /^password=eyJ/m);
    });

    await test.step("doctor names the folder as Windows does", async () => {
      const examined = await sandbox.run(["doctor", "--output", "json"], options);
      const checks: { check: string; level: string; message: string }[] = JSON.parse(examined.stdout).checks;
      const find = (name: string) => checks.find(({ check }) => check === name);
      assertStringIncludes(find("folder")?.message ?? "", "%USERPROFILE%\\.entra-auth-cli");
      assertEquals(["program", "folder", "key", "tokens", "browser"].map((name) => find(name)?.level), [
        "ok",
        "ok",
        "ok",
        "ok",
        "ok",
      ], examined.stdout);
    });

    await test.step("a script in a legacy code page names files, and a message about one is UTF-8", async () => {
      const lines = [
        "@echo off",
        "chcp 850 >NUL",
        `"%PROGRAM%" get-token --file "Größe.txt"`,
        `"%PROGRAM%" get-token --file "Größe\\missing\\token" 2>error.txt`,
      ];
      // Code pages 437 and 850 have these two characters at the same places.
      const inPage = new Map([["ö", 0x94], ["ß", 0xe1]]);
      const bytes = [...lines.join("\r\n")].map((character) =>
        inPage.get(character) ?? character.charCodeAt(0)
      );
      const script = join(sandbox.folder, "page.cmd");
      await Deno.writeFile(script, new Uint8Array(bytes));
      const ran = await new Deno.Command("cmd", {
        args: ["/d", "/c", script],
        env: { ...sandbox.env, ...env, PROGRAM: program },
        cwd: folder,
        stdin: "null",
      }).output();
      assertEquals(new TextDecoder().decode(ran.stderr), "✓ Token written to Größe.txt\n");
      assertEquals(await Deno.readTextFile(join(folder, "Größe.txt")), token);
      const error = await Deno.readFile(join(folder, "error.txt"));
      const message = new TextDecoder("utf-8", { fatal: true }).decode(error);
      assertStringIncludes(message, "Größe\\missing\\token");
    });

    await test.step("cmd sees the exit codes as errorlevel", async () => {
      const calls = ["get-token --no-interactive", "get-token --bad-flag", "get-token --profile none"];
      const codes = [];
      for (const call of calls) codes.push((await sandbox.run(call.split(" "), options)).code);
      const lines = calls.map((call) => `"%PROGRAM%" ${call} >NUL 2>NUL\r\necho %errorlevel%\r\n`);
      const script = join(sandbox.folder, "codes.cmd");
      await Deno.writeTextFile(script, `@echo off\r\n${lines.join("")}`);
      const ran = await new Deno.Command("cmd", {
        args: ["/d", "/c", script],
        env: { ...sandbox.env, ...env, PROGRAM: program },
        stdin: "null",
      }).output();
      assertEquals(new TextDecoder().decode(ran.stdout).trim().split(/\s+/), codes.map(String));
      assertEquals(new Set(codes).size, 3, codes.join());
      assertEquals(codes[0], 0);
    });
  },
});

Deno.test({
  name: "BROWSER=firefox, chrome and msedge start the browser that is installed on Windows outside of PATH",
  ignore: !isWine,
  async fn() {
    await using sandbox = await openSandbox();
    for (const [index, path] of INSTALLED_BROWSERS.entries()) {
      // This browser is Deno, to which BROWSER gives the script that passes the URL on.
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.link(Deno.execPath(), path).catch(() => Deno.copyFile(Deno.execPath(), path));
      try {
        // The inbox names its program first, in quotes.
        const browser = sandbox.browser.browser.replace(/^"[^"]*"/, basename(path, ".exe"));
        const options = { env: { BROWSER: browser } };
        const { code, stderr } = await sandbox.signIn(["get-token", "--force"], ADA, options);
        assertEquals([path, code, sandbox.browser.count], [path, 0, index + 1], stderr);
      } finally {
        await Deno.remove(dirname(path), { recursive: true });
      }
    }
  },
});
