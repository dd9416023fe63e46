import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import denoJson from "../../../deno.json" with { type: "json" };
import type { ProgramOptions, ProgramResult } from "../../support/program/program.ts";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const { net: HOSTS } = denoJson.permissions.default;
// An executable has fixed permissions.
const ignore = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;

/** Signs in with `get-token`, which must show the URL. */
async function signInAtShownUrl(
  sandbox: Sandbox,
  args: readonly string[],
  options: Partial<ProgramOptions>,
): Promise<ProgramResult> {
  const program = sandbox.start(["get-token", ...args], options);
  const [, url] = await program.stderrMatch(/^ *(https:\S+)$/m);
  await sandbox.userAgent.signIn(url ?? "", ADA);
  return await program.ended;
}

function assertDenied(result: ProgramResult, flag: string): void {
  assertEquals(result.code, 8, result.stderr);
  assertEquals(result.stdout, "");
  assertStringIncludes(result.stderr, flag);
  assertEquals(/^\s+at |NotCapable|Uncaught/m.exec(result.stderr), null, result.stderr);
}

Deno.test({
  name: "the program names the variable of its home folder and prints its help without reading it",
  ignore: ignore || Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const denied = ["--deny-env=ENTRA_AUTH_CLI_HOME,HOME"];
    assertDenied(await sandbox.run(["list-profiles"], { denied }), "--allow-env=ENTRA_AUTH_CLI_HOME");
    for (const args of [["--help"], ["--version"], ["get-token", "--help"]]) {
      const help = await sandbox.run(args, { denied });
      assertEquals(help.code, 0, help.stderr);
      assertMatch(help.stdout, /entra-auth-cli/);
    }
  },
});

Deno.test({
  name: "get-token exits with 8 and names the host if it may not connect to the authority",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const { port } = sandbox.provider;
    for (const args of [["get-token"], ["get-token", "--quiet", "--show-url"]]) {
      assertDenied(await sandbox.run(args, { hosts: [] }), `--allow-net=localhost:${port}`);
    }
    assertDenied(
      await sandbox.run(["get-token"], { hosts: ["localhost:1"] }),
      `--allow-net=localhost:${port}`,
    );
    assertEquals(sandbox.browser.count, 0);
    assertEquals(sandbox.provider.requests.length, 0);
  },
});

Deno.test({
  name: "get-token exits with 8 if it may not listen for the redirect",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    assert(HOSTS.includes("[::1]"));
    const result = await sandbox.run(["get-token"], { denied: ["--deny-net=[::1]"] });
    assertDenied(result, "--allow-net=127.0.0.1,[::1]");
    assertEquals(sandbox.browser.count, 0);
  },
});

Deno.test({
  name: "get-token shows the URL and the missing flag if it may not start the browser, and continues",
  ignore: ignore || Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    // A program that every system has and that no permission set names.
    const result = await signInAtShownUrl(sandbox, [], { env: { BROWSER: "true" } });
    assertEquals(result.code, 0, result.stderr);
    assertStringIncludes(result.stderr, "--allow-run=true");
    assert(!result.stderr.includes("✓ Browser opened"), result.stderr);
    assertEquals(sandbox.browser.count, 0);
  },
});

Deno.test({
  name: "commands exit with 8 if they may not read or write their folder",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const noRead = { denied: [`--deny-read=${sandbox.home}`] };
    for (const args of [["get-token"], ["list-profiles"], ["inspect"], ["clear-cache"]]) {
      assertDenied(await sandbox.run(args, noRead), `--allow-read=${sandbox.home}`);
    }
    const noWrite = { denied: [`--deny-write=${sandbox.home}`] };
    const profile = ["--tenant-id", sandbox.provider.tenantId, "--client-id", sandbox.provider.clientId];
    for (const args of [["refresh"], ["create-profile", "--name", "other", ...profile]]) {
      assertDenied(await sandbox.run(args, noWrite), `--allow-write=${sandbox.home}`);
    }
    const cached = await sandbox.run(["get-token"], noWrite);
    assertEquals(cached.code, 0, cached.stderr);
  },
});
