import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { COMMAND_NAMES } from "../../../src/cli/program.ts";
import { inheritedVariables } from "../../support/program/program.ts";
import { writeReleasedCliffy } from "../../support/program/released_cliffy.ts";

const MAIN = fromFileUrl(import.meta.resolve("../../../main.ts"));
const CONFIG = fromFileUrl(import.meta.resolve("../../../deno.json"));

// An executable contains the Cliffy that it was made with.
const ignore = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;

/** A folder in which modules are run with Cliffy as it was released. */
async function openFolder() {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-cliffy-" });
  const map = await writeReleasedCliffy(folder);
  const flags = map === null ? [] : [`--import-map=${map}`];
  return {
    folder,
    async run(module: string, ...args: readonly string[]) {
      const command = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-check",
          `--config=${CONFIG}`,
          ...flags,
          "--allow-all",
          module,
          ...args,
        ],
        env: { ...inheritedVariables(), ENTRA_AUTH_CLI_HOME: join(folder, "home"), NO_COLOR: "1" },
        clearEnv: true,
        stdin: "null",
      });
      const { code, stdout, stderr } = await command.output();
      return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Prints the arguments that the action gets, and help without a set width. */
const PROBE = `
import { Command } from "@cliffy/command";
const command = new Command().throwErrors().noExit().option("-p, --profile <x:string>", "x ".repeat(120))
  .arguments("[one:string] [two:string]").example("Name", "probe").action(({ profile }, ...args) => console.log(profile, args));
if (Deno.args[0] === "help") console.log(command.help({ colors: false }).getHelp());
else await command.parse(Deno.args);
`;

Deno.test({
  name:
    "Cliffy as released takes an empty argument for none, writes 150 columns of help, and reads --p as -p",
  ignore,
  async fn() {
    await using at = await openFolder();
    const probe = join(at.folder, "probe.ts");
    await Deno.writeTextFile(probe, PROBE);
    assertEquals((await at.run(probe, "")).stdout, "undefined [ undefined ]\n");
    assertMatch((await at.run(probe, "--p", "x", "a")).stdout, /^x \[ "a" \]\n$/);
    const { stdout: help } = await at.run(probe, "help");
    const longest = Math.max(...help.split("\n").map((line) => line.trimEnd().length));
    assert(longest > 110 && longest <= 150, help);
    assertMatch(help, /^ +Name +probe *$/m);
    const { stderr } = await at.run(probe, "a", "b", "c", "d");
    assertStringIncludes(stderr, "Too many arguments: c");
  },
});

Deno.test({
  name: "the program refuses empty arguments and keeps help to 100 columns with Cliffy as released",
  ignore,
  async fn(test) {
    await using at = await openFolder();
    for (
      const args of [
        ["inspect", ""],
        ["inspect", "-", ""],
        ["explain", ""],
        ["explain", "50011", ""],
        ["permissions", ""],
        ["get-token", ""],
        ["clear-cache", "--profile", ""],
        [""],
      ]
    ) {
      await test.step(JSON.stringify(args), async () => {
        const { code, stdout, stderr } = await at.run(MAIN, ...args);
        assertEquals([code, stdout], [2, ""], stderr);
        assertMatch(stderr, /^error: [^\n]+\nHint: \S/);
      });
    }
    for (const command of ["", ...COMMAND_NAMES]) {
      await test.step(`${command} --help`, async () => {
        const { code, stdout, stderr } = await at.run(MAIN, ...[command].filter(Boolean), "--help");
        assertEquals(code, 0, stderr);
        assertEquals(stdout.split("\n").filter((line) => line.trimEnd().length > 100), []);
        assertMatch(stdout, new RegExp(`^ .*entra-auth-cli ${command}`, "m"));
      });
    }
    const tooMany = await at.run(MAIN, "inspect", "a", "b", "c");
    assertEquals([tooMany.code, tooMany.stdout], [2, ""]);
  },
});
