import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { openChromium } from "../../support/browser/chromium.ts";
import { findChromium } from "../../../scripts/check/find_chromium.ts";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { startProvider } from "../../support/provider/provider.ts";
import { SignInStuck } from "../../support/browser/user_agent.ts";
import { startLoopback } from "../../support/network/loopback_server.ts";
import { PlainClient } from "../../support/network/plain_client.ts";

const ignore = await findChromium() === undefined;

Deno.test({
  name: "Chromium signs in and posts the redirect",
  ignore,
  fn: async () => {
    await using provider = await startProvider();
    await using loopback = startLoopback();
    await using chromium = await openChromium();
    using client = new PlainClient(provider);
    const folder = await Deno.makeTempDir();
    try {
      const url = await client.authorizationUrl({ redirect_uri: loopback.redirectUri });
      const screenshot = join(folder, "page.png");
      const page = await chromium.signIn(url, { ...ADA, screenshot });
      assertEquals(page, {
        url: loopback.redirectUri,
        title: "Signed in",
        text: "You can close this window",
        status: 200,
      });
      const [request] = loopback.requests;
      assertEquals([request?.method, request?.headers.get("origin")], ["POST", "null"]);
      const parameters = new URLSearchParams(request?.body);
      assertEquals(parameters.get("state"), "a state");
      const { status } = await client.redeem(parameters.get("code") ?? "", {
        redirect_uri: loopback.redirectUri,
      });
      assertEquals(status, 200);
      assertEquals((await Deno.stat(screenshot)).isFile, true);
      assertEquals(provider.faults, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "Chromium selects an account, switches to another, and forgets both in a new session",
  ignore,
  fn: async () => {
    await using provider = await startProvider();
    await using loopback = startLoopback();
    await using chromium = await openChromium();
    using client = new PlainClient(provider);
    const url = await client.authorizationUrl({
      redirect_uri: loopback.redirectUri,
      prompt: "select_account",
    });
    await chromium.signIn(url, ADA);
    await chromium.signIn(url, { ...ADA, password: "not asked for" });
    await chromium.signIn(url, BOB);
    await chromium.newSession();
    const wrong = await assertRejects(() => chromium.signIn(url, { ...BOB, password: "wrong" }), SignInStuck);
    assertStringIncludes(wrong.message, "Your account or password is incorrect.");
    assertEquals(loopback.requests.length, 3);
    assertEquals(provider.faults, []);
  },
});

Deno.test({
  name: "Chromium reports an error page of the provider and an unreachable redirect URI",
  ignore,
  fn: async () => {
    await using provider = await startProvider();
    await using chromium = await openChromium();
    using client = new PlainClient(provider);
    const unknown = await client.authorizationUrl({ client_id: crypto.randomUUID() });
    const shown = await assertRejects(() => chromium.signIn(unknown, ADA), SignInStuck);
    assertStringIncludes(shown.message, "AADSTS700016");
    const nobody = await client.authorizationUrl({ redirect_uri: "http://localhost:1/" });
    await assertRejects(() => chromium.signIn(nobody, ADA), SignInStuck, "could not open the redirect URI");
  },
});

Deno.test({
  name: "Chromium cancels on the consent page",
  ignore,
  fn: async () => {
    await using provider = await startProvider();
    await using loopback = startLoopback();
    await using chromium = await openChromium();
    using client = new PlainClient(provider);
    const url = await client.authorizationUrl({ redirect_uri: loopback.redirectUri });
    await chromium.signIn(url, { ...ADA, consent: "cancel" });
    assertEquals(new URLSearchParams(loopback.requests[0]?.body).get("error"), "access_denied");
  },
});

Deno.test({
  name: "Chromium signs out and must sign in again",
  ignore,
  fn: async () => {
    await using provider = await startProvider();
    await using loopback = startLoopback();
    await using chromium = await openChromium();
    using client = new PlainClient(provider);
    const url = await client.authorizationUrl({ redirect_uri: loopback.redirectUri });
    await chromium.signIn(url, ADA);
    const page = await chromium.newPage();
    await page.goto(`${provider.origin}/${provider.tenantId}/oauth2/v2.0/logout`);
    await page.click("#sign-out");
    await page.waitForSelector("#message");
    assertEquals(await page.title(), "Signed out");
    await assertRejects(() => chromium.signIn(url, { ...ADA, password: "wrong" }), SignInStuck, "incorrect");
    assertEquals(provider.faults, []);
  },
});
