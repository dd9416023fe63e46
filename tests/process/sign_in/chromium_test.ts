import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openChromium } from "../../support/browser/chromium.ts";
import { findChromium } from "../../../scripts/check/find_chromium.ts";
import { shownDeviceCode } from "../../support/browser/enter_device_code.ts";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const ignore = await findChromium() === undefined;
const name = (sentence: string) =>
  ignore ? `${sentence} (ignored: no Chromium here; see CHROMIUM_BIN)` : sentence;

Deno.test({
  name: name("a user signs in with a password in Chromium and reads to return to the terminal"),
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await using chromium = await openChromium();
    const program = sandbox.start(["get-token", "--output", "json"]);
    const page = await chromium.signIn(await sandbox.browser.next(), ADA);
    const result = await program.ended;
    assertEquals(result.code, 0, result.stderr);
    assertEquals(JSON.parse(result.stdout).account.username, ADA.username);

    assertEquals([page.status, page.title.includes("signed in")], [200, true], page.title);
    assertStringIncludes(page.text, "You are signed in");
    assertMatch(page.text, /Signed in as\s+ada@contoso\.example/);
    assertStringIncludes(page.text, "return to the terminal");
    assertMatch(page.url, /^http:\/\/localhost:\d+\/$/, "neither code nor state is in the URL");
  },
});

Deno.test({
  name: name("Cancel in Chromium shows the refusal with its reason and exits with code 3"),
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await using chromium = await openChromium();
    const program = sandbox.start(["get-token"]);
    const page = await chromium.signIn(await sandbox.browser.next(), { ...ADA, cancelSignIn: true });
    const result = await program.ended;
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertMatch(result.stderr, /AADSTS65004/);
    assertMatch(page.text, /Sign-in was cancelled[^]*Consent was declined\s+AADSTS65004/);
    assertMatch(page.text, /Profile\s+default\s+Application\s+[\da-f-]{36}/);
    assertStringIncludes(page.text, "return to the terminal");
  },
});

Deno.test({
  name: name("a second sign-in in Chromium can select another account"),
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await using chromium = await openChromium();
    const signIn = async (args: string[], visitor: typeof ADA) => {
      const program = sandbox.start(["get-token", "--output", "json", ...args]);
      await chromium.signIn(await sandbox.browser.next(), visitor);
      return JSON.parse((await program.ended).stdout).account.username;
    };
    assertEquals(await signIn([], ADA), ADA.username);
    // The browser still has the session of Ada.
    assertEquals(await signIn(["--force", "--prompt", "select_account"], BOB), BOB.username);
    assert(sandbox.provider.faults.length === 0);
  },
});

Deno.test({
  name: name("a user enters the device code in Chromium, confirms it and signs in"),
  ignore,
  async fn() {
    await using sandbox = await openSandbox({ devicePollInterval: 1 });
    await using chromium = await openChromium();
    const program = sandbox.start(["get-token", "--flow", "device-code", "--output", "json"]);
    const { uri, code } = await shownDeviceCode(program.stderrMatch);
    const page = await chromium.newPage();
    await page.goto(uri);
    await page.fill("input[name=user_code]", code);
    await page.click("#next");
    assertStringIncludes(await page.locator("main").innerText(), `your device shows the code ${code}`);
    await page.click("#continue");
    await page.fill("#username", ADA.username);
    await page.fill("#password", ADA.password);
    await page.click("#sign-in");
    await page.click("#accept");
    assertStringIncludes(await page.locator("#message").innerText(), "You can close this window now");
    const result = await program.ended;
    assertEquals(result.code, 0, result.stderr);
    const { account, source } = JSON.parse(result.stdout);
    assertEquals([account.username, source], [ADA.username, "device-code"]);
  },
});
