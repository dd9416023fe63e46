import { assertEquals, assertRejects } from "@std/assert";
import { runGetToken } from "../../../../src/cli/commands/get_token.ts";
import type { GetTokenFlags } from "../../../../src/cli/options/token_options.ts";
import { localTime } from "../../../../src/cli/output/time.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext, NOW, WORK } from "../../../support/fixtures/command_fixture.ts";

const EXPIRES = `Token expires: ${localTime(NOW + 3600)}`;

async function run(
  flags: GetTokenFlags,
  prepare: (context: MemoryContext) => void = () => {},
): Promise<MemoryContext> {
  const context = new MemoryContext();
  prepare(context);
  await runGetToken({ profile: "work", ...flags }, context);
  return context;
}

async function request(flags: GetTokenFlags): Promise<MemoryContext["requests"][number]> {
  const context = new MemoryContext();
  // Where nobody may be prompted, nothing gives a token: the request has been made by then.
  await runGetToken({ profile: "work", ...flags }, context).catch((error) => {
    if (!(error instanceof CliError) || error.code !== "person_needed") throw error;
  });
  const { requests } = context;
  const [only] = requests;
  assertEquals(requests.length, 1);
  if (only === undefined) throw new Error("no request");
  return only;
}

Deno.test("get-token without flags requests the profile's scopes, and may use the cache, refresh and prompt", async () => {
  const { signInFlags, ...requested } = await request({});
  assertEquals(signInFlags?.(), []);
  assertEquals(requested, {
    key: {
      identity: null,
      profile: "work",
      authority: "https://login.microsoftonline.com",
      tenant: WORK.tenantId,
      clientId: WORK.clientId,
    },
    hasProfile: true,
    scopes: ["Mail.Read"],
    expect: { user: undefined, tenant: undefined },
    flow: "interactive",
    acceptCached: true,
    acceptRefresh: true,
    mayPrompt: true,
    useStore: true,
    manner: { ports: { kind: "random" }, showUrl: false, timeoutMs: 300_000 },
    caCertFile: undefined,
    timeoutMs: undefined,
    prompt: undefined,
    loginHint: undefined,
    suggestedUser: undefined,
    domainHint: undefined,
    claims: undefined,
  });
});

Deno.test("get-token maps --force, --no-cache and --no-interactive to the request", async () => {
  const table: [GetTokenFlags, [boolean, boolean, boolean, boolean]][] = [
    [{ force: true }, [false, false, true, true]],
    [{ cache: false }, [false, false, true, false]],
    [{ interactive: false }, [true, true, false, true]],
    [{ force: true, interactive: false }, [false, false, false, true]],
  ];
  for (const [flags, expected] of table) {
    const { acceptCached, acceptRefresh, mayPrompt, useStore } = await request(flags);
    assertEquals([acceptCached, acceptRefresh, mayPrompt, useStore], expected, JSON.stringify(flags));
  }
});

Deno.test("get-token passes on the flags of the sign-in", async () => {
  const { scopes, manner, prompt, loginHint, caCertFile } = await request({
    scope: ["User.Read Mail.Read", "User.Read"],
    port: "8080",
    showUrl: true,
    timeout: "90s",
    prompt: "login",
    loginHint: "ada@contoso.example",
    caCert: "root.pem",
  });
  assertEquals(scopes, ["User.Read", "Mail.Read"]);
  assertEquals(manner, { ports: { kind: "exact", port: 8080 }, showUrl: true, timeoutMs: 90_000 });
  assertEquals([prompt, loginHint, caCertFile], ["login", "ada@contoso.example", "root.pem"]);
});

Deno.test("get-token passes on claims, the domain, and the flags that a sign-in command must repeat", async () => {
  const flags = { claims: "eyJhY2Nlc3NfdG9rZW4iOnt9fQ", domainHint: "contoso.example", scope: ["User.Read"] };
  const { claims, domainHint, acceptCached, acceptRefresh, signInFlags } = await request(flags);
  assertEquals([claims, domainHint], ['{"access_token":{}}', "contoso.example"]);
  assertEquals([acceptCached, acceptRefresh], [true, true]);
  assertEquals(signInFlags?.(), ["--scope", "User.Read", "--domain-hint", "contoso.example"]);
  const error = await assertRejects(() => request({ claims: "{" }), CliError);
  assertEquals(error.exitCode, 2);
});

Deno.test("get-token reads profile and certificate from the environment if no flag names them", async () => {
  const { requests } = await run({ profile: undefined }, (context) => {
    context.variables.ENTRA_AUTH_CLI_PROFILE = "work";
    context.variables.ENTRA_AUTH_CLI_CA_CERT = "root.pem";
  });
  assertEquals([requests[0]?.key.profile, requests[0]?.caCertFile], ["work", "root.pem"]);
});

Deno.test("get-token requests nothing if a flag is invalid", async () => {
  const wrong: GetTokenFlags[] = [
    { output: "xml" },
    { prompt: "always" },
    { timeout: "soon" },
    { port: "0" },
    { port: "1", portRange: "1-2" },
    { scope: ['a"b'] },
    { tenantId: "../x" },
    { clientId: "x" },
    { authority: "http://login.example" },
    { flow: "password" },
  ];
  for (const flags of wrong) {
    const context = new MemoryContext();
    const error = await assertRejects(() => runGetToken({ profile: "work", ...flags }, context), CliError);
    assertEquals([error.code, context.requests.length], ["usage", 0], JSON.stringify(flags));
  }
  const context = new MemoryContext();
  const error = await assertRejects(() => runGetToken({ profile: "nobody" }, context), CliError);
  assertEquals([error.code, context.terminal.data], ["no_profile", ""]);
});

Deno.test("get-token shows a terminal the specification's lines, how to print the token, and no token", async () => {
  const { terminal } = await run({}, ({ terminal }) => {
    terminal.stdoutIsTerminal = true;
  });
  assertEquals(terminal.said, [
    "✓ Authentication successful!",
    "Signed in as ada@contoso.example",
    EXPIRES,
    "Token saved to profile 'work'",
    "Print it with: entra-auth-cli get-token --profile work --output token",
  ]);
  assertEquals(terminal.data, "");
});

Deno.test("get-token prints the token to a pipe, and to a terminal if a format was chosen", async () => {
  assertEquals((await run({})).terminal.data, "the-token\n");
  for (const output of ["token", "json"]) {
    const { terminal } = await run({ output }, ({ terminal }) => {
      terminal.stdoutIsTerminal = true;
    });
    assertEquals(terminal.data.includes("the-token"), true, output);
  }
});

Deno.test("get-token reports a saved token only if it is new and was saved, and says nothing of a cached one in a pipe", async () => {
  const worlds: ((context: MemoryContext) => void)[] = [
    (context) => context.signIn(),
    (context) => context.signIn(NOW - 1),
    (context) => context.store.saveError = new CliError("store", "the disk is full"),
  ];
  const last: (string | undefined)[] = [];
  for (const prepare of worlds) {
    const { said } = (await run({}, prepare)).terminal;
    assertEquals(said.includes("Token saved to profile 'work'"), false);
    last.push(said.at(-1));
  }
  assertEquals(last, [undefined, EXPIRES, EXPIRES]);
});

Deno.test("get-token --quiet prints the token and no messages", async () => {
  for (const flags of [{ quiet: true }, { silent: true }]) {
    const { terminal } = await run(flags);
    assertEquals([terminal.said, terminal.data], [[], "the-token\n"]);
  }
});

Deno.test("get-token --file writes the token there and nothing to stdout", async () => {
  for (const stdoutIsTerminal of [true, false]) {
    const { terminal, files } = await run({ file: "token.txt" }, (context) => {
      context.terminal.stdoutIsTerminal = stdoutIsTerminal;
    });
    assertEquals([terminal.data, files], ["", { "token.txt": "the-token\n" }]);
  }
});

Deno.test("get-token never prints the token to stderr", async () => {
  for (const output of ["text", "token", "json", "yaml", "env", "header"]) {
    const { terminal } = await run({ output });
    assertEquals(terminal.said.join("\n").includes("the-token"), false, output);
  }
});
