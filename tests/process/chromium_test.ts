import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openChromium } from "../support/chromium.ts";
import { findChromium } from "../../scripts/find_chromium.ts";
import { ADA, BOB } from "../support/provider/directory.ts";
import { openSandbox } from "../support/sandbox.ts";

const ignore = await findChromium() === undefined;
const name = (sentence: string) =>
  ignore ? `${sentence} (ignored: no Chromium here; see CHROMIUM_BIN)` : sentence;

Deno.test({
  name: name("a person types the password in Chromium and is told to return to the terminal"),
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
    assertMatch(page.url, /^http:\/\/localhost:\d+\/$/, "neither code nor state is in the address");
  },
});

Deno.test({
  name: name("Cancel in Chromium shows the refusal, with its reason, and ends with exit code 3"),
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await using chromium = await openChromium();
    const program = sandbox.start(["get-token"]);
    const page = await chromium.signIn(await sandbox.browser.next(), { ...ADA, cancelSignIn: true });
    const result = await program.ended;
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertMatch(result.stderr, /AADSTS65004/);
    assertStringIncludes(page.text, "Sign-in was refused");
    assertStringIncludes(page.text, "Consent was declined");
    assertStringIncludes(page.text, "return to the terminal");
  },
});

Deno.test({
  name: name("a second profile asks Chromium which account, and takes another one"),
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
    // The browser still has Ada's session.
    assertEquals(await signIn(["--force", "--prompt", "select_account"], BOB), BOB.username);
    assert(sandbox.provider.faults.length === 0);
  },
});
