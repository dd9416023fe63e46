/**
 * Builds an executable and runs `tests/process`, or the named files, on it. It has the permissions of a release, and may
 * also reach the provider and the browser of the tests. With `--any-program` it may start every program: otherwise the
 * tests of `exec` are ignored.
 */

import { join } from "@std/path/join";
import { parseArgs } from "node:util";
import { compile } from "../build/compile.ts";
import { flagsFromEnvironment } from "../build/bundle/import_map.ts";
import { say } from "../offline/npm_package.ts";

const { values, positionals } = parseArgs({
  options: { "any-program": { type: "boolean", default: false } },
  allowPositionals: true,
});
const startsAny = values["any-program"];
const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-executable-" });
let code = 1;
try {
  const executable = join(folder, `entra-auth-cli${Deno.build.os === "windows" ? ".exe" : ""}`);
  await compile({ output: executable, alsoNet: ["localhost"], alsoRun: [startsAny ? "*" : Deno.execPath()] });
  say(`running the tests on ${executable}`);
  const tests = positionals.length > 0 ? positionals : ["tests/process"];
  const command = new Deno.Command(Deno.execPath(), {
    // `deno task check` checks the types.
    args: ["run", ...flagsFromEnvironment(), "--allow-all", "scripts/check/test.ts", "--no-check", ...tests],
    env: {
      ENTRA_AUTH_CLI_EXECUTABLE: executable,
      ...(startsAny ? { ENTRA_AUTH_CLI_EXECUTABLE_STARTS: "any" } : {}),
    },
  });
  code = (await command.spawn().status).code;
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(code);
