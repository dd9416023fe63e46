/**
 * Runs `deno test` over `tests/`, or over the files and folders that are named, with the other arguments handed on.
 * Tests run in parallel (`DENO_JOBS` says how many files at a time) and may leave neither operations nor resources.
 */

import { findChromium } from "./find_chromium.ts";
import { say } from "../offline/npm_package.ts";

/** Deno 2.8 turned the leak checks off by default and brought the flags; before, they are on and have none. */
function leakChecks(version: string): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const hasFlags = major > 2 || (major === 2 && minor >= 8);
  return hasFlags ? ["--sanitize-ops", "--sanitize-resources"] : [];
}

/** Whether any argument names a file or folder, and not only flags and their values. */
async function namesTests(args: readonly string[]): Promise<boolean> {
  for (const arg of args) {
    if (arg.startsWith("-")) continue;
    if (await Deno.stat(arg).then(() => true, () => false)) return true;
  }
  return false;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter(Boolean);
}

const chromium = await findChromium();
if (chromium === undefined) {
  say("no Chromium here: the tests that sign in through a real browser will be reported as ignored");
}
const command = new Deno.Command(Deno.execPath(), {
  args: [
    "test",
    ...words(Deno.env.get("DENO_FLAGS")),
    "--allow-all",
    "--parallel",
    ...leakChecks(Deno.version.deno),
    ...Deno.args,
    ...(await namesTests(Deno.args) ? [] : ["tests/"]),
  ],
  env: chromium === undefined ? {} : { CHROMIUM_BIN: chromium },
  stdin: "null",
});
// Ctrl-C reaches the tests as well, which clean up after themselves; this process only waits for them.
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGINT", () => {});
Deno.exit((await command.spawn().status).code);
