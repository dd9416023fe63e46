import { assertEquals, assertRejects } from "@std/assert";
import { runCredentialHelper } from "../../../../src/cli/commands/credential_helper.ts";
import type { CredentialHelperFlags } from "../../../../src/cli/options/command_options.ts";
import { CliError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { MemoryContext, NOW, WORK } from "../../../support/fixtures/command_fixture.ts";

const AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798";

async function run(
  operation: string,
  input: string,
  flags: CredentialHelperFlags = {},
  scopes: readonly string[] = WORK.scopes,
): Promise<MemoryContext> {
  const context = new MemoryContext();
  context.profiles.profiles.splice(0, 1, { ...WORK, scopes });
  context.input = input;
  await runCredentialHelper(operation, { profile: "work", ...flags }, context);
  return context;
}

const ALL = [`${AZURE_DEVOPS}/user_impersonation`];
const ASKED = "protocol=https\nhost=dev.azure.com\n";

Deno.test("credential-helper get requests all scopes of Azure DevOps, unless some are chosen", async () => {
  const own = `${AZURE_DEVOPS.toUpperCase()}/vso.code`;
  const address = "https://app.vssps.visualstudio.com/vso.code_write";
  const table: [CredentialHelperFlags, readonly string[], readonly string[]][] = [
    [{}, ["Mail.Read"], ALL],
    [{}, [], ALL],
    [{}, ["Mail.Read", own, address], [own, address]],
    [{ scope: ["https://tfs.contoso.example/x"] }, [own], ["https://tfs.contoso.example/x"]],
    [{ flow: "interactive" }, [], ALL],
  ];
  for (const [flags, scopes, expected] of table) {
    assertEquals((await run("get", ASKED, flags, scopes)).requests[0]?.scopes, expected);
  }
});

Deno.test("credential-helper get prints a sign-in as get-token does, and nothing for a cached token", async () => {
  const unasked = new MemoryContext();
  unasked.input = ASKED;
  const flags = { profile: "work", interactive: false, timeout: "9s" };
  const error = await assertRejects(() => runCredentialHelper("get", flags, unasked), CliError);
  const [request] = unasked.requests;
  assertEquals([error.code, request?.mayPrompt, request?.manner.timeoutMs], ["person_needed", false, 9000]);
  const context = new MemoryContext();
  context.input = ASKED;
  context.signIn(NOW + 3600, ALL);
  await runCredentialHelper("get", { profile: "work" }, context);
  assertEquals(context.terminal.said, []);
});

Deno.test("credential-helper prints nothing for other hosts, for store and for unknown operations", async () => {
  const table = [
    ["get", "protocol=https\nhost=github.com\n"],
    ["get", "protocol=http\nhost=dev.azure.com\n"],
    ["get", ""],
    ["erase", "protocol=https\nhost=github.com\n"],
    ["store", ASKED],
    ["capability", ASKED],
  ] as const;
  for (const [operation, input] of table) {
    const { terminal, requests, store } = await run(operation, input);
    assertEquals([terminal.data, terminal.said, requests.length, store.calls], ["", [], 0, []], operation);
  }
});

Deno.test("credential-helper answers for an additional host", async () => {
  const context = await run("get", "protocol=https\nhost=git.contoso.example\n", {
    host: ["git.contoso.example"],
  });
  assertEquals(context.terminal.data.includes("password=the-token\n"), true);
});

Deno.test("credential-helper refuses a host that is a URL, for every operation", async () => {
  for (const operation of ["get", "store", "erase"]) {
    const flags = { host: ["git.contoso.example", "https://git.contoso.example/"] };
    const error = await assertRejects(
      () => run(operation, "protocol=https\nhost=github.com\n\n", flags),
      CliError,
      'Invalid --host "https://git.contoso.example/": expected a host name',
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("credential-helper erase deletes the token that was refused, or those it would return", async () => {
  const erased = async (input: string, scopes: readonly string[], flags: CredentialHelperFlags = {}) => {
    const context = new MemoryContext();
    context.input = input;
    context.signIn(NOW + 3600, scopes);
    context.signIn(NOW + 3600, ["Mail.Read"]);
    const [saved, other] = context.store.sessions;
    if (saved === undefined || other === undefined) throw new Error("no session");
    context.store.sessions = [{ ...saved, tokens: [...saved.tokens, ...other.tokens] }];
    const [token] = saved.tokens;
    if (token !== undefined) Object.assign(token, { accessToken: new Secret("the-refused-token") });
    await runCredentialHelper("erase", { profile: "work", ...flags }, context);
    return context.store.sessions[0]?.tokens.map((kept) => kept.scopes);
  };
  assertEquals(await erased(`${ASKED}password=the-refused-token\n`, ["x"]), [["Mail.Read"]]);
  assertEquals(await erased(`${ASKED}password=another\n`, ["x"]), [["x"], ["Mail.Read"]]);
  for (
    const [flow, permission] of [["DeviceCode", "user_impersonation"], ["client-credentials", ".default"]]
  ) {
    assertEquals(await erased(ASKED, [`${AZURE_DEVOPS}/${permission}`], { flow }), [["Mail.Read"]]);
    assertEquals(await erased(ASKED, ["x"], { flow }), [["x"], ["Mail.Read"]]);
  }
  const both = [`${AZURE_DEVOPS}/vso.code`, `${AZURE_DEVOPS}/vso.build`];
  assertEquals(await erased(ASKED, both, { scope: [both.join(" ")] }), [["Mail.Read"]]);
});
