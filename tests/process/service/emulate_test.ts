/** Tests against an authority that is not written for this program: the npm package `emulate`. */

import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { findChromium } from "../../../scripts/check/find_chromium.ts";
import { openChromium } from "../../support/browser/chromium.ts";
import { readForms } from "../../support/browser/html_form.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import {
  type EmulatedAuthority,
  PERSONAL_USER,
  startEmulatedAuthority,
} from "../../support/service/emulated_authority.ts";

const CLIENT_ID = "33333333-3333-4333-8333-333333333333";
const ignore = await findChromium() === undefined;

/** A sandbox whose program uses the emulated authority. */
async function openEmulated(tenant: string) {
  await using parts = new AsyncDisposableStack();
  const authority = parts.use(await startEmulatedAuthority());
  const sandbox = parts.use(await openSandbox());
  const caFile = join(sandbox.folder, "emulated.pem");
  await Deno.writeTextFile(caFile, authority.caPem);
  const options = { hosts: [`localhost:${authority.port}`], env: { ENTRA_AUTH_CLI_CA_CERT: caFile } };
  const flags = ["--authority", authority.origin, "--tenant-id", tenant, "--client-id", CLIENT_ID];
  const created = await sandbox.run(
    ["create-profile", "--name", "emulated", ...flags, "--scope", "User.Read"],
    options,
  );
  assertEquals(created.code, 0, created.stderr);
  const profile = ["--profile", "emulated"];
  const owned = parts.move();
  return {
    authority,
    sandbox,
    run: ([command = "", ...rest]: readonly string[]) => sandbox.run([command, ...profile, ...rest], options),
    start: ([command = "", ...rest]: readonly string[]) =>
      sandbox.start([command, ...profile, ...rest], options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Chooses a user on the emulator's page, and posts its form to the program. */
async function signIn({ caPem }: EmulatedAuthority, { browser }: Sandbox, email: string): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [caPem] });
  const submit = async (url: URL, init: RequestInit = {}) => {
    const response = await fetch(url, { ...init, client });
    return { page: await response.text(), url };
  };
  const first = await submit(new URL(await browser.next()));
  const chosen = readForms(first.page, first.url).find(({ hidden }) => hidden.email === email);
  if (chosen === undefined) throw new Error(`No user ${email} on the page`);
  const second = await submit(chosen.action, { method: "POST", body: new URLSearchParams(chosen.hidden) });
  const [callback] = readForms(second.page, second.url);
  if (callback === undefined) throw new Error("No form for the redirect URI");
  const response = await fetch(callback.action, {
    method: "POST",
    body: new URLSearchParams(callback.hidden),
  });
  return await response.text();
}

for (const tenant of ["common", "consumers"]) {
  Deno.test(`a personal account of the emulator signs in at ${tenant}, with an opaque token, without client_info, and refresh tokens rotate`, async () => {
    await using emulated = await openEmulated(tenant);
    const { authority, sandbox } = emulated;
    const program = emulated.start(["get-token", "--output", "json"]);
    assertStringIncludes(await signIn(authority, sandbox, PERSONAL_USER), PERSONAL_USER);
    const signedIn = await program.ended;
    assertEquals(signedIn.code, 0, signedIn.stderr);
    const { access_token: token, account } = JSON.parse(signedIn.stdout);
    assertMatch(token, /^microsoft_/);
    assertEquals([account.username, account.tenant_id], [
      PERSONAL_USER,
      "9188040d-6c67-4c5b-b112-36a304b66dad",
    ]);
    assertEquals((await emulated.run(["get-token"])).stdout.trim(), token);
    assertMatch((await emulated.run(["inspect"])).stdout, /^Form: +opaque$/m);

    for (let times = 0; times < 2; times++) {
      const refreshed = await emulated.run(["refresh"]);
      assertEquals(refreshed.code, 0, refreshed.stderr);
    }
    const [first, second] = authority.refreshTokens;
    assertNotEquals(first, second, "the second refresh uses the new token");
    assertNotEquals((await emulated.run(["get-token"])).stdout.trim(), token);

    authority.reset();
    const refused = await emulated.run(["refresh"]);
    assertEquals([refused.code, refused.stdout], [3, ""], refused.stderr);
    assertStringIncludes(refused.stderr, "entra-auth-cli get-token --profile emulated");
  });
}

Deno.test("organizations refuses the personal account of the emulator and stores nothing", async () => {
  await using emulated = await openEmulated("organizations");
  const program = emulated.start(["get-token"]);
  const page = await signIn(emulated.authority, emulated.sandbox, PERSONAL_USER);
  const refused = await program.ended;
  assertEquals([refused.code, refused.stdout], [10, ""], refused.stderr);
  assertStringIncludes(refused.stderr, "personal account");
  assertStringIncludes(page, "personal account");
  assertEquals((await emulated.run(["inspect"])).code, 6);
});

Deno.test({
  name: "Chromium posts the form of the emulator to the program" +
    (ignore ? " (ignored: no Chromium here; see CHROMIUM_BIN)" : ""),
  ignore,
  async fn() {
    await using emulated = await openEmulated("common");
    await using chromium = await openChromium();
    const program = emulated.start(["get-token", "--output", "json"]);
    const page = await chromium.newPage();
    await page.goto(await emulated.sandbox.browser.next());
    await page.click(`button:has-text("${PERSONAL_USER}")`);
    await page.waitForURL(/^http:\/\/localhost:\d+\/$/);
    assertStringIncludes(await page.locator("body").innerText(), PERSONAL_USER);
    const result = await program.ended;
    assertEquals(result.code, 0, result.stderr);
    assertEquals(JSON.parse(result.stdout).source, "interactive");
  },
});
