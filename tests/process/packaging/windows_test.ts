import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { join } from "@std/path/join";
import { CRYPT32 } from "../../../src/system/windows/data_protection.ts";
import { isExecutable } from "../../support/program/executable.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const DPAPI = 3;
const KEY_FILE = 1;

/** Defines a test that needs Windows or Wine (scripts/windows/wine.ts). An executable has fixed permissions. */
function test(name: string, fn: () => Promise<void>, needsSource: "needs-source" | "" = ""): void {
  Deno.test({ name, ignore: Deno.build.os !== "windows" || (isExecutable && needsSource !== ""), fn });
}

/** Returns the key store according to `tokens.enc`, and the files in the home folder that could be a key. */
async function keyPlace(
  sandbox: Sandbox,
): Promise<readonly [currentKeyStore: number | undefined, names: readonly string[]]> {
  const names = await Array.fromAsync(Deno.readDir(sandbox.home), ({ name }) => name);
  const currentKeyStore = (await Deno.readFile(join(sandbox.home, "tokens.enc")))[5];
  return [currentKeyStore, names.filter((name) => name.startsWith("key")).sort()];
}

test("a sign-in on Windows protects the key with DPAPI, and its token then needs no network", async () => {
  await using sandbox = await openSandbox();
  const signedIn = await sandbox.signIn(["get-token"]);
  assertEquals([signedIn.code, signedIn.page.status], [0, 200], signedIn.stderr);
  assertEquals(await keyPlace(sandbox), [DPAPI, ["key.dpapi"]]);
  const status = await sandbox.run(["status"]);
  assertStringIncludes(status.stdout, `${join(sandbox.home, "key.dpapi")}, sealed by Windows DPAPI`);

  await sandbox.provider.stop();
  const cached = await sandbox.run(["get-token"]);
  assertEquals([cached.code, cached.stdout], [0, signedIn.stdout], cached.stderr);
});

test("an expired token is refreshed silently on Windows, under the same key", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  const signedIn = await sandbox.signIn(["get-token"]);
  const key = await Deno.readFile(join(sandbox.home, "key.dpapi"));
  const refreshed = await sandbox.run(["get-token"]);
  assertEquals([refreshed.code, refreshed.stdout.split(".").length], [0, 3], refreshed.stderr);
  assert(refreshed.stdout !== signedIn.stdout);
  assertEquals(sandbox.browser.count, 1);
  assertEquals(await Deno.readFile(join(sandbox.home, "key.dpapi")), key);
});

test("a key that DPAPI cannot decrypt exits with 7, and clear-cache starts over", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const foreign = encodeBase64(crypto.getRandomValues(new Uint8Array(200)));
  const file = join(sandbox.home, "key.dpapi");
  await Deno.writeTextFile(file, foreign);
  const refused = await sandbox.run(["get-token"]);
  assertEquals([refused.code, refused.stdout, sandbox.browser.count], [7, "", 1], refused.stderr);
  assertStringIncludes(refused.stderr, `Windows DPAPI cannot open the key in ${file} for this user\nHint: `);
  assertEquals(await Deno.readTextFile(file), foreign);

  assertEquals((await sandbox.run(["clear-cache"])).code, 0);
  const again = await sandbox.signIn(["get-token"]);
  assertEquals(again.code, 0, again.stderr);
  const [currentKeyStore, [kept, aside]] = await keyPlace(sandbox);
  assertEquals([currentKeyStore, kept, aside?.startsWith("key.dpapi.")], [DPAPI, "key.dpapi", true]);
  assertEquals((await sandbox.run(["get-token"])).stdout, again.stdout);
});

test("the key moves between a file and DPAPI as the environment selects", async () => {
  await using sandbox = await openSandbox();
  const signedIn = await sandbox.signIn(["get-token"]);
  const get = (keyring: string) => sandbox.run(["get-token"], { env: { ENTRA_AUTH_CLI_KEYRING: keyring } });
  const moved = await get("file");
  assertEquals([moved.code, moved.stdout], [0, signedIn.stdout], moved.stderr);
  assertEquals(await keyPlace(sandbox), [KEY_FILE, ["key"]]);
  const back = await get("dpapi");
  assertEquals([back.code, back.stdout], [0, signedIn.stdout], back.stderr);
  assertEquals(await keyPlace(sandbox), [DPAPI, ["key.dpapi"]]);
});

test("without the permission for DPAPI get-token exits with 8 and names the flag", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const denied = await sandbox.run(["get-token"], { denied: [`--deny-ffi=${CRYPT32}`] });
  assertEquals([denied.code, denied.stdout, sandbox.browser.count], [8, "", 1], denied.stderr);
  assertStringIncludes(denied.stderr, "Using Windows DPAPI is not permitted\nHint: Add the Deno flag ");
  assertStringIncludes(denied.stderr, "crypt32.dll");
}, "needs-source");
