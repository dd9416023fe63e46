import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { flagsFromEnvironment } from "../../scripts/build/bundle/import_map.ts";
import { GrowingText } from "../support/program/growing_text.ts";
import { inheritedVariables } from "../support/program/program.ts";
import { hasCommand } from "../support/program/shell.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const canTry = Deno.build.os !== "windows" && hasCommand("curl") && hasCommand("git");
const isWindows = Deno.build.os === "windows";

/** Starts the demo without a display, with `home` as the home folder and the place of temporary files. */
function startDemo(home: string, args: readonly string[]) {
  const flags = flagsFromEnvironment();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...flags, "--allow-all", join(TOP, "scripts/demo/demo.ts"), ...args],
    env: variablesOf(home),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return {
    stdout: new GrowingText(child.stdout),
    stderr: new GrowingText(child.stderr),
    status: child.status,
    interrupt: () => child.kill("SIGINT"),
  };
}

function variablesOf(home: string): Record<string, string> {
  const flags = flagsFromEnvironment();
  return { ...inheritedVariables(), HOME: home, TMPDIR: home, DENO_FLAGS: flags.join(" ") };
}

Deno.test({
  name:
    "demo --keep runs a provider until Ctrl-C, with which the commands that it prints get a token for curl and git",
  ignore: !canTry,
  async fn() {
    const home = await Deno.makeTempDir({ prefix: "entra-auth-cli-demo-test-" });
    try {
      const demo = startDemo(home, ["--keep"]);
      await demo.stdout.match(/Press Ctrl-C/);
      const [shown] = await demo.stdout.match(/[\s\S]+/);
      const commands = [...shown.matchAll(/^ {2}(\S.*)$/gm)].map(([, command = ""]) => command);
      const terminal = await new Deno.Command("sh", {
        args: ["-e", "-c", `${commands.join("\n")}\ncat "$DEMO/web/README.md"`],
        env: variablesOf(home),
        clearEnv: true,
        stdin: "null",
      }).output();
      const [stdout, stderr] = [terminal.stdout, terminal.stderr].map((data) =>
        new TextDecoder().decode(data)
      );
      demo.interrupt();
      assertEquals(terminal.code, 0, stderr);
      assertMatch(stdout ?? "", /^ey\S+\n\{"displayName":"Ada Lovelace",.*\}# web\n$/);
      const { code } = await demo.status;
      assertEquals([code, await demo.stderr.whole], [0, ""]);
      assertStringIncludes(await demo.stdout.whole, "Stopped the provider and removed its files.");
      const left = (await Array.fromAsync(Deno.readDir(home))).map(({ name }) => name);
      assertEquals(left.filter((name) => name !== ".cache"), [], "Deno alone keeps a cache there");
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});

Deno.test("demo --help describes the demo, and other arguments are refused", async () => {
  const home = await Deno.makeTempDir({ prefix: "entra-auth-cli-demo-test-" });
  try {
    const help = startDemo(home, ["--help"]);
    const wrong = startDemo(home, ["--kep"]);
    assertMatch(await help.stdout.whole, /^Usage: sh scripts\/dev\.sh demo \[--keep\]$/m);
    assertEquals([(await help.status).code, await help.stderr.whole], [0, ""]);
    assertEquals([(await wrong.status).code, await wrong.stdout.whole], [2, ""]);
    assertMatch(await wrong.stderr.whole, /^Invalid argument "--kep": expected --keep or --help$/m);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test({
  name: "dev.sh lists every task of deno.json with its description if it is given none",
  ignore: isWindows,
  async fn() {
    const { tasks } = JSON.parse(await Deno.readTextFile(join(TOP, "deno.json")));
    const list = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: [join(TOP, "scripts/dev.sh"), ...args],
        env: { DENO: "/nonexistent" },
      }).output();
      const decoder = new TextDecoder();
      return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
    };
    const help = await list("--help");
    assertEquals([help.code, help.stderr], [0, ""]);
    const listed = [...help.stdout.matchAll(/^ {2}([a-z0-9-]+) +(.+)$/gm)].map((
      [, name, text],
    ) => [name, text]);
    const expected = Object.entries<{ description: string }>(tasks).map((
      [name, { description }],
    ) => [name, description]);
    assertEquals(listed, expected);
    assertEquals(await list(), { code: 2, stdout: "", stderr: help.stdout });
    const unknown = await list("no-task");
    assertEquals([unknown.code, unknown.stdout], [2, ""]);
    assertEquals(unknown.stderr, `dev: unknown task: no-task\n${help.stdout}`);
  },
});
