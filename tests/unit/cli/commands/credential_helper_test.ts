import { assertEquals } from "@std/assert";
import {
  type CredentialHelperFlags,
  runCredentialHelper,
} from "../../../../src/cli/commands/credential_helper.ts";
import { MemoryContext, WORK } from "../../../support/fixtures/command_fixture.ts";

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

const ASKED = "protocol=https\nhost=dev.azure.com\n";

Deno.test("credential-helper get asks for all of Azure DevOps, unless scopes for it are chosen", async () => {
  const all = [`${AZURE_DEVOPS}/user_impersonation`];
  const own = `${AZURE_DEVOPS.toUpperCase()}/vso.code`;
  const address = "https://app.vssps.visualstudio.com/vso.code_write";
  const table: [CredentialHelperFlags, readonly string[], readonly string[]][] = [
    [{}, ["Mail.Read"], all],
    [{}, [], all],
    [{}, ["Mail.Read", own, address], [own, address]],
    [{ scope: ["https://tfs.contoso.example/x"] }, [own], ["https://tfs.contoso.example/x"]],
    [{ flow: "interactive" }, [], all],
  ];
  for (const [flags, scopes, expected] of table) {
    assertEquals((await run("get", ASKED, flags, scopes)).requests[0]?.scopes, expected);
  }
});

Deno.test("credential-helper get asks for the person's leave as get-token does, and says nothing of a cached token", async () => {
  const { requests } = await run("get", ASKED, { interactive: false, timeout: "9s" });
  assertEquals([requests[0]?.mayPrompt, requests[0]?.manner.timeoutMs], [false, 9000]);
  const context = new MemoryContext();
  context.input = ASKED;
  context.tell.push({ kind: "using-cached-token" });
  await runCredentialHelper("get", { profile: "work" }, context);
  assertEquals(context.terminal.said, []);
});

Deno.test("credential-helper is silent for other hosts, for store and for what it doesn't know", async () => {
  const table = [
    ["get", "protocol=https\nhost=github.com\n"],
    ["get", "protocol=http\nhost=dev.azure.com\n"],
    ["get", ""],
    ["erase", "protocol=https\nhost=github.com\n"],
    ["store", ASKED],
    ["capability", ASKED],
  ] as const;
  for (const [operation, input] of table) {
    const { terminal, requests, dropped } = await run(operation, input);
    assertEquals([terminal.data, terminal.said, requests.length, dropped.length], ["", [], 0, 0], operation);
  }
});

Deno.test("credential-helper answers for a host that is named", async () => {
  const context = await run("get", "protocol=https\nhost=git.contoso.example\n", {
    host: ["git.contoso.example"],
  });
  assertEquals(context.terminal.data.includes("password=the-token\n"), true);
});

Deno.test("credential-helper erase forgets the token that was refused, or those it would give", async () => {
  const [known] = (await run("erase", `${ASKED}password=the-token\n`)).dropped;
  const [profile, choice] = known ?? ["", { scopes: [] }];
  assertEquals([profile, "accessToken" in choice && choice.accessToken.reveal()], ["work", "the-token"]);
  for (
    const [flow, permission] of [["DeviceCode", "user_impersonation"], ["client-credentials", ".default"]]
  ) {
    assertEquals((await run("erase", ASKED, { flow })).dropped, [
      ["work", { scopes: [`${AZURE_DEVOPS}/${permission}`] }],
    ]);
  }
  const typed = { scope: [`${AZURE_DEVOPS}/vso.code ${AZURE_DEVOPS}/vso.build`] };
  assertEquals((await run("erase", ASKED, typed)).dropped, [
    ["work", { scopes: [`${AZURE_DEVOPS}/vso.code`, `${AZURE_DEVOPS}/vso.build`] }],
  ]);
});
