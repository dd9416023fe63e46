import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { runInspect } from "../../../src/commands/inspect.ts";
import { runRefresh } from "../../../src/commands/refresh.ts";
import { CliError } from "../../../src/errors.ts";
import type { InspectedToken } from "../../../src/flows/inspect_tokens.ts";
import { MemoryContext, NOW, tokenResult } from "./command_fixture.ts";

function inspected(changes: Partial<InspectedToken> = {}): InspectedToken {
  return {
    session: {
      profile: "work",
      authority: "https://login.example",
      tenant: "t",
      clientId: "c",
      account: { homeAccountId: "h", username: "ada@contoso.example\u001b[2J", objectId: "o", tenantId: "t" },
    },
    scopes: ["User.Read"],
    expiresAt: NOW + 3600,
    isExpired: false,
    claims: { aud: "https://graph.microsoft.com", profile: "of the token" },
    ...changes,
  };
}

async function run(token: InspectedToken | undefined, output?: string): Promise<string> {
  const context = new MemoryContext();
  if (token !== undefined) context.inspected = [token];
  await runInspect({ profile: "work", output }, context);
  return context.terminal.data;
}

Deno.test("inspect shows whose token is cached, fit for a terminal", async () => {
  const text = await run(inspected());
  assertMatch(text, /^Account: +ada@contoso\.example \[2J$/m);
  assertMatch(text, /^Audience: +https:\/\/graph\.microsoft\.com$/m);
  assertMatch(text, /^Expires: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/m);
});

Deno.test("inspect treats a token that is no JWT as opaque", async () => {
  assertMatch(await run(inspected({ claims: null })), /opaque/);
});

Deno.test("inspect --output json lets no claim take the place of its own fields", async () => {
  const document = JSON.parse(await run(inspected(), "json"));
  assertEquals([document.profile, document.expired, document.expires_at], [
    "work",
    false,
    "2025-12-28T13:00:00Z",
  ]);
});

Deno.test("inspect --output json shows a token's claims without what a terminal would obey", async () => {
  const claims = { aud: "\u001b[2J\u009b2J\u202e", "\u009b": 1 };
  const text = await run(inspected({ claims }), "json");
  assertMatch(text, /^[\n\x20-\x7e]*$/);
  assertEquals(JSON.parse(text).aud, claims.aud);
});

Deno.test("inspect ends with no_token where there is none, or the newest is expired, after showing it", async () => {
  assertEquals((await assertRejects(() => run(undefined), CliError)).code, "no_token");
  const context = new MemoryContext();
  context.inspected = [inspected({ isExpired: true })];
  const error = await assertRejects(() => runInspect({ profile: "work" }, context), CliError);
  assertEquals(error.code, "no_token");
  assertMatch(context.terminal.data, /\(expired\)/);
});

Deno.test("inspect quotes a name with a space in the command that it suggests", async () => {
  const error = await assertRejects(() => runInspect({ profile: "my app" }, new MemoryContext()), CliError);
  assertEquals(error.hint, 'Sign in: entra-auth-cli get-token --profile "my app"');
});

Deno.test("inspect knows text and json only", async () => {
  assertEquals((await assertRejects(() => run(inspected(), "yaml"), CliError)).code, "usage");
});

Deno.test("refresh allows a refresh and nothing else, and prints no token", async () => {
  const context = new MemoryContext();
  await runRefresh({ profile: "work" }, context);
  const [request] = context.requests;
  assertEquals(
    [request?.acceptCached, request?.acceptRefresh, request?.mayAskUser, request?.useStore],
    [false, true, false, true],
  );
  assertEquals(context.terminal.data, "");
  assertMatch(context.terminal.said.join("\n"), /^Token expires: /);
});

Deno.test("refresh fails where the new token can't be kept, for it prints none", async () => {
  const context = new MemoryContext();
  context.result = tokenResult({ source: "refresh", isSaved: false });
  const error = await assertRejects(() => runRefresh({ profile: "work" }, context), CliError);
  assertEquals([error.code, context.terminal.data], ["store", ""]);
});
