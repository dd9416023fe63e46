import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { hasNoPseudoTerminal, plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasNoShell, type RunningShell, startShell } from "../../support/program/shell.ts";
import { UserAgent } from "../../support/browser/user_agent.ts";

/** Returns a script of the specification, unchanged. */
function script(name: string): string {
  return fromFileUrl(new URL(`../../fixtures/specification/${name}`, import.meta.url));
}

/** Starts a script on a terminal, to answer the prompts of `create-profile`. */
async function start(sandbox: Sandbox, name: string): Promise<RunningShell> {
  // The authority comes from the environment.
  const env = { AZURE_AUTHORITY_HOST: sandbox.provider.origin };
  return await startOnTerminal(sandbox, `sh -e ${script(name)}`, { env });
}

/** Answers the prompts for each profile in turn, with Enter for a default. */
async function answer(
  terminal: RunningShell,
  { provider }: Sandbox,
  names: readonly string[],
): Promise<void> {
  let before = "";
  for (const name of names) {
    const asked = (label: string) => terminal.stdoutMatch(new RegExp(`${before}[^]*${label}`));
    await asked("Tenant ID");
    await terminal.type(`${provider.tenantId}\r`);
    await asked("Client ID");
    await terminal.type(`${provider.clientId}\r`);
    await asked("Flow");
    await terminal.type("\r");
    await asked("Scopes");
    await terminal.type("\r");
    before = `Profile '${name}' created`;
  }
}

Deno.test({
  name:
    "The specification's Multiple Accounts run as printed: two users, and back and forth without a sign-in",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    using bobsBrowser = new UserAgent({ caPem: sandbox.provider.caPem });
    const terminal = await start(sandbox, "multiple_accounts.sh");
    await answer(terminal, sandbox, ["work", "personal"]);
    await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
    await bobsBrowser.signIn(await sandbox.browser.next(), BOB);
    const { code, stdout } = await terminal.ended;
    const screen = plainScreen(stdout);
    assertEquals(code, 0, screen);
    assertStringIncludes(screen, "Token saved to profile 'work'\n");
    assertStringIncludes(screen, "Token saved to profile 'personal'\n");
    assertEquals(screen.match(/^✓ Using cached token$/gm)?.length, 2, screen);

    const env = { AZURE_AUTHORITY_HOST: sandbox.provider.origin };
    for (const [profile, { username }] of [["work", ADA], ["personal", BOB]] as const) {
      const token = await sandbox.run(["get-token", "--profile", profile, "--output", "json"], { env });
      assertEquals(JSON.parse(token.stdout).account.username, username);
    }
    assertEquals(sandbox.browser.count, 2);
  },
});

Deno.test({
  name: "The specification's Profile Organization runs as printed, and lists each profile",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    const names = ["graph-reader", "azure-admin", "mail-sender", "production-api", "dev-testing"];
    const terminal = await start(sandbox, "profile_organization.sh");
    await answer(terminal, sandbox, names);
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, plainScreen(stdout));
    const listed = JSON.parse((await sandbox.run(["list-profiles", "--output", "json"])).stdout);
    assertEquals(listed.map(({ name }: { name: string }) => name), ["default", ...names]);
  },
});

Deno.test({
  name: "The specification's Scope Management runs as printed: one scope, then three in one argument",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const profiles = await Deno.readTextFile(`${sandbox.home}/profiles.json`);
    const shell = await startShell(sandbox, ["sh", "-e", script("scope_management.sh")]);
    await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
    // The other two have no consent yet.
    await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
    const { code, stdout, stderr } = await shell.ended;
    assertEquals(code, 0, stderr);
    const [first, second] = stdout.trim().split("\n");
    assert(first !== undefined && second !== undefined && first !== second, stdout);
    const scopes = sandbox.provider.requestsTo("token").map(({ form }) => form.scope?.split(" ") ?? []);
    assert(scopes[0]?.includes("https://graph.microsoft.com/User.Read"), String(scopes[0]));
    for (const scope of ["User.Read", "Mail.Read", "Calendars.Read"]) {
      assert(scopes.at(-1)?.includes(scope), `${scope}: ${scopes.at(-1)}`);
    }
    assertEquals(await Deno.readTextFile(`${sandbox.home}/profiles.json`), profiles);
  },
});
