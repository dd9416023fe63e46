import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { flagsFromEnvironment } from "../../../scripts/build/bundle/import_map.ts";
import { denoCompile } from "../../../scripts/build/compile/deno_compile.ts";
import { COMMAND_NAMES } from "../../../src/cli/program.ts";
import { isExecutable } from "../../support/program/executable.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const PROBE_MAIN = fromFileUrl(import.meta.resolve("../../support/program/probe_main.ts"));

/** Arguments without which a command would be a cached token, which no worker prints. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "get-token": ["--force"],
  "exec": ["--", "a-command"],
};

Deno.test({
  name: "the worker of each command is refused other files, hosts, programs, variables and libraries",
  // The program under test is built here; Windows has neither these files nor this library.
  ignore: isExecutable || Deno.build.os !== "linux",
  async fn(test) {
    await using sandbox = await openSandbox();
    const executable = join(sandbox.folder, "probe");
    const rights = ["--allow-all", "--unstable-worker-options", "--no-prompt", "--no-code-cache"];
    await denoCompile(
      [...flagsFromEnvironment(), ...rights, "--output", executable, PROBE_MAIN],
      executable,
      undefined,
    );
    for (const name of COMMAND_NAMES) {
      await test.step(name, async () => {
        const { code, stdout, stderr } = await new Deno.Command(executable, {
          args: [name, ...ARGUMENTS[name] ?? []],
          env: { ...sandbox.env, ENTRA_AUTH_CLI_PROBE: "a value" },
          stdin: "null",
        }).output();
        const decoder = new TextDecoder();
        assertEquals([code, decoder.decode(stderr)], [0, ""]);
        assertEquals(JSON.parse(decoder.decode(stdout)), []);
      });
    }
  },
});
