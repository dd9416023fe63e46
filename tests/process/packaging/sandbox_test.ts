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
    const probe = async (args: readonly string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(executable, {
        args: [...args],
        env: { ...sandbox.env, ENTRA_AUTH_CLI_PROBE: "a value" },
        stdin: "null",
      }).output();
      const decoder = new TextDecoder();
      assertEquals([code, decoder.decode(stderr)], [0, ""]);
      return JSON.parse(decoder.decode(stdout));
    };
    for (const name of COMMAND_NAMES) {
      await test.step(name, async () => assertEquals(await probe([name, ...ARGUMENTS[name] ?? []]), []));
    }
    await test.step("request reads the file of its body and connects to its host, and to no other", async () => {
      // No command may connect to it by itself.
      using listener = Deno.listen({ hostname: "127.0.0.2", port: 0 });
      const body = join(sandbox.folder, "body");
      for (const path of [body, `${body}.other`]) await Deno.writeTextFile(path, "{}");
      assertEquals(
        await probe(["request", "POST", `https://127.0.0.2:${listener.addr.port}/`, "--body", `@${body}`]),
        ["read the file of --body", "connect to the host of the URL"],
      );
    });
  },
});
