/**
 * Makes an executable and runs the tests in `tests/process` on it, or those that are named: what the user gets is what is
 * tested. It is as released, but for the provider and the browser of the tests, which it may reach besides. With
 * `--any-program` it may start every program, as the tests of `exec` need: else they are left out.
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
    args: ["run", ...flagsFromEnvironment(), "--allow-all", "scripts/check/test.ts", ...tests],
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
