import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { isPortFree } from "../../support/network/ports.ts";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { hasNoPseudoTerminal, plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasNoShell, startShell } from "../../support/program/shell.ts";

// An executable starts only the browsers that it names.
const hasOwnPermissions = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;

/** Returns the path of a script that the specification prints. */
function script(name: string): string {
  return fromFileUrl(new URL(`../../fixtures/specification/${name}`, import.meta.url));
}

async function openWithMyapp(): Promise<Sandbox> {
  await using parts = new AsyncDisposableStack();
  const sandbox = parts.use(await openSandbox());
  await sandbox.run(createProfileArgs("myapp", sandbox.provider));
  assertEquals((await sandbox.signIn(["get-token", "--profile", "myapp"])).code, 0);
  parts.move();
  return sandbox;
}

Deno.test({
  name:
    "the specification's Session Persistence script inspects, refreshes, clears the cache and signs in again",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openWithMyapp();
    const shell = await startShell(sandbox, ["sh", "-e", script("session_persistence.sh")]);
    await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
    const { code, stdout, stderr } = await shell.ended;
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^State: +valid\nProfile: +myapp\n[^]*^Expires: .*\(in \d+ [a-z]+\)$/m);
    assertMatch(
      stderr,
      /^⟳ Refreshing token\.\.\.\n✓ Token refreshed\nToken expires: .*\n✓ Cached tokens of profile 'myapp' deleted\n/,
    );
    assertStringIncludes(stderr, "Opening browser for authentication...");
    assertMatch(stderr, /Token saved to profile 'myapp'\n$/);
    const grants = sandbox.provider.requestsTo("token").map(({ form }) => form.grant_type);
    assertEquals(grants, ["authorization_code", "refresh_token", "authorization_code"]);
  },
});

Deno.test({
  name: "the specification's script for an old token clears, forces, deletes and creates the profile again",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openWithMyapp();
    const old = (await sandbox.run(["get-token", "--profile", "myapp"])).stdout;
    const terminal = await startOnTerminal(sandbox, `sh -e '${script("cached_token_wont_refresh.sh")}'`);
    await terminal.stdoutMatch(/Cached tokens of profile 'myapp' deleted/);
    await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
    await terminal.stdoutMatch(/Token saved to profile 'myapp'/);
    await terminal.stdoutMatch(/Delete profile 'myapp' and its tokens\?/);
    await terminal.type("y\r");
    for (
      const [question, answer] of [
        [/Tenant ID/, sandbox.provider.tenantId],
        [/Client ID/, sandbox.provider.clientId],
        [/Flow/, ""],
        [/Scopes/, ""],
      ] as const
    ) {
      await terminal.stdoutMatch(question);
      await terminal.type(`${answer}\r`);
    }
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    assertStringIncludes(plainScreen(stdout), "✓ Profile 'myapp' created");
    assert(!stdout.includes(old.trim()));
    const { origin } = sandbox.provider;
    const fresh = await sandbox.run(["get-token", "-p", "myapp", "--no-interactive", "--authority", origin]);
    assertEquals(fresh.code, 9, "the new profile has no token of the old one");
  },
});

Deno.test({
  name: "each remedy for an old token yields a new one",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openWithMyapp();
    const seen = new Set([(await sandbox.run(["get-token", "--profile", "myapp"])).stdout]);
    const expectNew = (token: string) => {
      assert(token !== "" && !seen.has(token));
      seen.add(token);
    };
    await sandbox.run(["clear-cache", "--profile", "myapp"]);
    expectNew((await sandbox.signIn(["get-token", "--flow", "interactive", "--profile", "myapp"])).stdout);
    const force = ["get-token", "--flow", "interactive", "--profile", "myapp", "--force"];
    expectNew((await sandbox.signIn(force)).stdout);
    assertEquals((await sandbox.run(["delete-profile", "--name", "myapp"])).code, 0);
    await sandbox.run(createProfileArgs("myapp", sandbox.provider));
    const recreated = await sandbox.signIn(["get-token", "--profile", "myapp"], BOB);
    expectNew(recreated.stdout);
    assertNotEquals(recreated.stdout, "");
  },
});

/** Puts a fake Firefox on the PATH that passes its URL to the test. */
async function installFirefox({ folder, browser }: Sandbox): Promise<void> {
  await Deno.mkdir(join(folder, "bin"), { recursive: true });
  const line = browser.browser.replace("%s", '"$1"');
  await Deno.writeTextFile(join(folder, "bin", "firefox"), `#!/bin/sh\nexec ${line}\n`, { mode: 0o755 });
}

Deno.test({
  name: "the specification's remedies for a browser that does not open sign in",
  ignore: hasNoShell || hasOwnPermissions,
  async fn(test) {
    await using sandbox = await openSandbox();
    const start = (line: string) =>
      startShell(sandbox, ["sh", "-c", line], { programs: ["firefox"], env: { BROWSER: "" } });

    await test.step("--show-url", async () => {
      const shell = await start("entra-auth-cli get-token --flow interactive --show-url 2>&1");
      const [url] = await shell.stdoutMatch(/https:\S+/);
      await sandbox.userAgent.signIn(url, ADA);
      const { code, stdout } = await shell.ended;
      assertEquals(code, 0, stdout);
      assertEquals(sandbox.browser.count, 0);
    });
    await test.step("BROWSER=firefox", async () => {
      await sandbox.run(["clear-cache"]);
      await installFirefox(sandbox);
      const shell = await start("BROWSER=firefox entra-auth-cli get-token --flow interactive");
      await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
      const { code, stderr } = await shell.ended;
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "✓ Browser opened");
    });
    await test.step("--flow device-code", async () => {
      await sandbox.run(["clear-cache"]);
      const shell = await start("entra-auth-cli get-token --flow device-code 2>&1");
      await enterDeviceCode(sandbox, (pattern) => shell.stdoutMatch(pattern));
      const { code, stdout } = await shell.ended;
      assertEquals(code, 0, stdout);
    });
  },
});

for (const [port, remedy] of [[8081, "a port in use"], [8080, "a timeout"]] as const) {
  const isBusy = !isPortFree(port);
  Deno.test({
    name: `the specification's remedy for ${remedy} signs in with --port ${port}` +
      (isBusy ? " (ignored: the port is in use)" : ""),
    ignore: hasNoShell || isBusy,
    async fn() {
      await using sandbox = await openSandbox();
      const line = `entra-auth-cli get-token --flow interactive --port ${port}`;
      const shell = await startShell(sandbox, ["sh", "-c", line]);
      const url = new URL(await sandbox.browser.next());
      assertEquals(new URL(url.searchParams.get("redirect_uri") ?? "").port, String(port));
      await sandbox.userAgent.signIn(url.href, ADA);
      const { code, stderr } = await shell.ended;
      assertEquals(code, 0, stderr);
      assert(isPortFree(port), "the port is free again");
    },
  });
}
