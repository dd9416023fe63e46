import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ADA } from "../../../support/provider/directory.ts";
import { type Provider, startProvider } from "../../../support/provider/provider.ts";
import { UserAgent } from "../../../support/browser/user_agent.ts";
import { PlainClient } from "../../../support/network/plain_client.ts";

const SCOPE = "User.Read openid profile offline_access";

async function start(provider: Provider, client: PlainClient) {
  const { json } = await client.post("devicecode", { client_id: provider.clientId, scope: SCOPE });
  const poll = () => client.token({ grant_type: "device_code", device_code: String(json.device_code) });
  return { json, poll, verificationUri: String(json.verification_uri), userCode: String(json.user_code) };
}

Deno.test("A device code is pending until the user has signed in and can be used once", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { json, poll, userCode, verificationUri } = await start(provider, client);
  assertEquals(json.interval, 5);
  assertEquals(json.expires_in, 900);
  assertMatch(
    String(json.message),
    new RegExp(`open the page ${verificationUri} and enter the code ${userCode}`),
  );

  const { status, json: pending } = await poll();
  assertEquals([status, pending.error, pending.error_codes], [400, "authorization_pending", [70016]]);
  assertStringIncludes(await agent.enterDeviceCode(verificationUri, userCode, ADA), "You have signed in");
  const { json: token } = await poll();
  assertEquals(token.scope, "openid profile email User.Read");
  assertEquals(typeof token.refresh_token, "string");
  assertEquals((await poll()).json.error, "invalid_grant");
  assertEquals(provider.faults, []);
});

Deno.test("The full name of the device code grant works too", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const { json } = await start(provider, client);
  const grant = "urn:ietf:params:oauth:grant-type:device_code";
  const answer = await client.token({ grant_type: grant, device_code: String(json.device_code) });
  assertEquals(answer.json.error, "authorization_pending");
});

for (const refusal of [{ cancelSignIn: true }, { consent: "cancel" as const }]) {
  Deno.test(`Cancel (${Object.keys(refusal)}) declines the device's request`, async () => {
    await using provider = await startProvider();
    using client = new PlainClient(provider);
    using agent = new UserAgent(provider);
    const { poll, userCode, verificationUri } = await start(provider, client);
    const page = await agent.enterDeviceCode(verificationUri, userCode, { ...ADA, ...refusal });
    assertStringIncludes(page, "The sign-in was cancelled.");
    const { json } = await poll();
    assertEquals([json.error, json.error_codes], ["authorization_declined", [65004]]);
  });
}

Deno.test("A wrong user code shows the page again", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { verificationUri } = await start(provider, client);
  const page = await agent.enterDeviceCode(verificationUri, "WRONGCODE", ADA);
  assertStringIncludes(page, "That code didn't work.");
});
