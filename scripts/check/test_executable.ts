/**
 * Runs `tests/process`, or the named files, on an executable as a release has it. Builds it, unless `executables` has.
 */

import { join } from "@std/path/join";
import { madeExecutable } from "../build/built_once.ts";
import { flagsFromEnvironment } from "../build/bundle/import_map.ts";
import { compile } from "../build/compile.ts";
import { say } from "../offline/npm_package.ts";

const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-executable-" });
let code = 1;
try {
  const output = join(folder, `entra-auth-cli${Deno.build.os === "windows" ? ".exe" : ""}`);
  const executable = await madeExecutable() ?? await compile({ output });
  say(`running the tests on ${executable}`);
  const tests = Deno.args.length > 0 ? Deno.args : ["tests/process"];
  const command = new Deno.Command(Deno.execPath(), {
    // `deno task check` checks the types.
    args: ["run", ...flagsFromEnvironment(), "--allow-all", "scripts/check/test.ts", "--no-check", ...tests],
    env: { ENTRA_AUTH_CLI_EXECUTABLE: executable },
  });
  code = (await command.spawn().status).code;
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(code);
