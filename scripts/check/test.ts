/**
 * Runs `deno test` over `tests/`, or over the named files and folders, and passes other arguments on. Tests run in parallel
 * (`DENO_JOBS` sets the number of files at a time; default: one more than processors, as tests also wait) and must leave neither operations nor resources.
 *
 * A run of everything starts the program from a bundle, which takes half the time of a start from the source. `--bundle`
 * does the same for named files.
 */

import { sharedCertificate } from "../../tests/support/provider/shared_certificate.ts";
import { signingKey } from "../../tests/support/provider/signing_key.ts";
import { bundleOnce } from "../build/built_once.ts";
import { say } from "../offline/npm_package.ts";
import { findChromium } from "./find_chromium.ts";

/** Deno 2.8 introduced the flags and turned the leak checks off by default. Older versions always check. */
function leakChecks(version: string): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const hasFlags = major > 2 || (major === 2 && minor >= 8);
  return hasFlags ? ["--sanitize-ops", "--sanitize-resources"] : [];
}

/** Reports whether any argument names a file or folder, and not only flags and their values. */
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

/** Makes once what every test file would otherwise make again: the provider's keys, its certificate, and the bundle. */
async function makeShared(usesBundle: boolean): Promise<Record<string, string>> {
  const [{ jwk }, certificate, bundle] = await Promise.all([
    signingKey(),
    sharedCertificate(),
    usesBundle ? bundleOnce() : undefined,
  ]);
  const shared = {
    ENTRA_AUTH_CLI_TEST_SIGNING_KEY: JSON.stringify(jwk),
    ENTRA_AUTH_CLI_TEST_CERTIFICATE: JSON.stringify(certificate),
  };
  if (bundle === undefined) return shared;
  return { ...shared, ENTRA_AUTH_CLI_BUNDLE: bundle.main, ENTRA_AUTH_CLI_QUICK_BUNDLE: bundle.quickMain };
}

const args = Deno.args.filter((arg) => arg !== "--bundle");
const isNamed = await namesTests(args);
const usesBundle = args.length < Deno.args.length || !isNamed;
const sharesKey = usesBundle || Deno.env.has("ENTRA_AUTH_CLI_EXECUTABLE");
const chromium = await findChromium();
if (chromium === undefined) {
  say("Chromium not found: the tests that sign in through a real browser are ignored");
}
const command = new Deno.Command(Deno.execPath(), {
  args: [
    "test",
    ...words(Deno.env.get("DENO_FLAGS")),
    "--allow-all",
    "--parallel",
    ...leakChecks(Deno.version.deno),
    ...args,
    ...(isNamed ? [] : ["tests/"]),
  ],
  env: {
    DENO_JOBS: Deno.env.get("DENO_JOBS") ?? `${navigator.hardwareConcurrency + 1}`,
    ...(sharesKey ? await makeShared(usesBundle) : {}),
    ...(chromium === undefined ? {} : { CHROMIUM_BIN: chromium }),
  },
  stdin: "null",
});
// Ctrl-C reaches the tests as well. They clean up, and this process waits for them.
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGINT", () => {});
Deno.exit((await command.spawn().status).code);
