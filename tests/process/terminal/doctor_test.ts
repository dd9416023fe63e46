import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml/parse";
import { join } from "@std/path/join";
import type { ProgramOptions } from "../../support/program/program.ts";
import { startProxy } from "../../support/network/proxy.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

interface Check {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly remedy: string | null;
}

/** Runs `doctor --output json` and returns the checks by name. */
async function examine(sandbox: Sandbox, options: Partial<ProgramOptions> = {}) {
  const result = await sandbox.run(["doctor", "--output", "json"], options);
  const report: { ok: boolean; checks: Check[] } = JSON.parse(result.stdout);
  const checks = new Map(report.checks.map((check) => [check.check, check]));
  const failed = report.checks.filter(({ level }) => level === "fail").map(({ check }) => check);
  assertEquals([result.code, report.ok], failed.length === 0 ? [0, true] : [1, false], result.stderr);
  return { ...result, report, checks, failed };
}

const isExecutable = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;

Deno.test("doctor exits with 0 and no warning on a machine that can sign in", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const { report, checks, failed, stderr } = await examine(sandbox);
  assertEquals([failed, stderr], [[], ""]);
  assertEquals(report.checks.map(({ check }) => check), [
    "program",
    "permissions",
    "folder",
    "profiles",
    "profile",
    "key",
    "tokens",
    "display",
    "browser",
    "loopback 127.0.0.1",
    "loopback [::1]",
    "authority",
    "clock",
    "az",
  ]);
  assertEquals(checks.get("profiles")?.message, "profiles.json has 1 profile");
  assertEquals(checks.get("tokens")?.message, "tokens.enc has 1 sign-in");
  assertMatch(checks.get("folder")?.message ?? "", /can be written and locked/);
  assertMatch(checks.get("clock")?.message ?? "", /^agrees with that of localhost:\d+$/);
  assertMatch(
    checks.get("authority")?.message ?? "",
    /without a proxy, extra root certificates: .+ responds$/,
  );
  assertEquals(checks.get("loopback 127.0.0.1")?.message, "the program reaches itself");
  assertEquals(sandbox.browser.count, 1, "doctor opens no browser");
});

Deno.test("doctor prints no secret and no user name, and the same report as text and YAML", async () => {
  await using sandbox = await openSandbox();
  const { stdout: token } = await sandbox.signIn(["get-token", "--output", "token"]);
  // The home directory belongs to the user ada and contains the program's folder.
  const home = join(sandbox.folder, "ada");
  await Deno.mkdir(home);
  await Deno.rename(sandbox.home, join(home, ".entra-auth-cli"));
  const env = {
    HOME: home,
    USERPROFILE: home,
    ENTRA_AUTH_CLI_HOME: "",
    BROWSER: join(home, "bin", "browser"),
  };
  const { stdout, report } = await examine(sandbox, { env });
  const text = await sandbox.run(["doctor"], { env });
  const yaml = await sandbox.run(["doctor", "--output", "yaml"], { env });
  for (const shown of [stdout, text.stdout, yaml.stdout, text.stderr]) {
    assert(!shown.includes(token.trim()) && !/ada\b|eyJ/.test(shown), shown);
  }
  assertStringIncludes(text.stdout, "~/.entra-auth-cli");
  assertEquals(parse(yaml.stdout), report);
  for (const { check, level } of report.checks) {
    assertMatch(text.stdout, new RegExp(`^${level} +${check.replace("[::1]", "\\[::1\\]")} `, "m"));
  }
  for (
    const setting of [
      "Application type: Public client",
      "Redirect URI: http://localhost (any port)",
      "Platform: Mobile and desktop applications",
      "Permissions: Delegated permissions only",
    ]
  ) assertStringIncludes(text.stdout, setting);
});

Deno.test("doctor warns if there is no profile, and says how to create one", async () => {
  await using sandbox = await openSandbox();
  const { code, stdout } = await sandbox.run(["doctor", "--profile", "other", "--output", "json"]);
  const profile = JSON.parse(stdout).checks.find(({ check }: Check) => check === "profile");
  assertEquals([profile.level, profile.message], ["warn", "Profile 'other' does not exist"]);
  assertMatch(profile.remedy, /^Create it: entra-auth-cli create-profile --name other [^\n]+$/);
  assert([0, 1].includes(code), "the public cloud may be out of reach");
});

Deno.test("doctor names the proxy and the variables with additional root certificates", async () => {
  await using sandbox = await openSandbox();
  await using proxy = startProxy();
  const env = {
    HTTPS_PROXY: proxy.url.replace("//", "//ada:s3same@"),
    DENO_CERT: join(sandbox.folder, "ca.pem"),
  };
  const { checks, stdout } = await examine(sandbox, { env });
  const shown = proxy.url.replace("http://", "");
  assertMatch(
    checks.get("authority")?.message ?? "",
    new RegExp(`through the proxy ${shown}, extra root certificates: .+ca\\.pem, \\$DENO_CERT`),
  );
  assert(!/s3same|\bada\b/.test(stdout), stdout);
  assertEquals(proxy.targets.length, 1);
  const untrusted = await examine(sandbox, { env: { HTTPS_PROXY: proxy.url, ENTRA_AUTH_CLI_CA_CERT: "" } });
  assertEquals(
    untrusted.checks.get("authority")?.message,
    `The TLS certificate of localhost:${sandbox.provider.port} is not trusted (through the proxy ${shown})`,
  );
});

Deno.test("doctor reports that the authority is unreachable, and continues with the other checks", async () => {
  await using sandbox = await openSandbox();
  await sandbox.provider.stop();
  const { checks, failed, stderr } = await examine(sandbox);
  assertEquals(failed, ["authority"]);
  assertMatch(
    checks.get("authority")?.message ?? "",
    /^localhost:\d+ refused the connection \(without a proxy/,
  );
  assertEquals(checks.get("clock")?.level, "warn");
  assertEquals(stderr, "");
});

Deno.test("doctor distinguishes an unknown tenant from a server that is not an authority", async () => {
  await using sandbox = await openSandbox();
  const answers: [number, string][] = [[400, '{"error":"invalid_tenant"}'], [302, ""], [200, "<html>"], [
    503,
    "",
  ]];
  const said: string[] = [];
  for (const [status, body] of answers) {
    sandbox.provider.failNext("discovery", { kind: "response", status, body });
    const { checks, failed } = await examine(sandbox);
    assertEquals(failed, ["authority"]);
    said.push(checks.get("authority")?.message.replace(/^.*\) /, "") ?? "");
  }
  assertEquals(said, [
    "responds, but does not know the tenant (status 400)",
    "does not respond as a sign-in service does (status 302)",
    "does not respond as a sign-in service does (status 200)",
    "is unavailable (status 503)",
  ]);
});

Deno.test("doctor compares the clock with the authority's: one hour is a failure, two minutes are a warning", async () => {
  await using sandbox = await openSandbox();
  const { origin, tenantId } = sandbox.provider;
  const body = JSON.stringify({ issuer: `${origin}/${tenantId}/v2.0`, token_endpoint: `${origin}/token` });
  const examineWith = async (authorityAheadMs: number) => {
    const date = new Date(Date.now() + authorityAheadMs).toUTCString();
    sandbox.provider.failNext("discovery", { kind: "response", status: 200, headers: { date }, body });
    return (await examine(sandbox)).checks.get("clock");
  };
  const late = await examineWith(3_600_000);
  assertEquals(late?.level, "fail");
  assertMatch(
    late?.message ?? "",
    /^1 hour behind that of localhost:\d+, so tokens look expired or not yet valid$/,
  );
  assertMatch(late?.remedy ?? "", /timedatectl|sntp|w32tm/);
  const early = await examineWith(-120_000);
  assertEquals(early?.level, "warn");
  assertMatch(early?.message ?? "", /^2 minutes ahead of that of /);
});

Deno.test("doctor reports unreadable tokens and an error in profiles.json, and changes neither", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const [tokens, profiles] = [join(sandbox.home, "tokens.enc"), join(sandbox.home, "profiles.json")];
  const damaged = (await Deno.readFile(tokens)).fill(0, -20);
  await Deno.writeFile(tokens, damaged);
  await Deno.writeTextFile(profiles, "{\n  oops\n}\n");
  const { checks, failed } = await examine(sandbox);
  assert(failed.includes("tokens") && failed.includes("profiles"), failed.join());
  assertMatch(checks.get("tokens")?.message ?? "", /Cannot decrypt tokens\.enc/);
  assertStringIncludes(checks.get("tokens")?.remedy ?? "", "entra-auth-cli clear-cache");
  assertMatch(checks.get("profiles")?.message ?? "", /line 2/);
  assertEquals(await Deno.readFile(tokens), damaged);
});

Deno.test("doctor reports that another process holds the store's lock, which is not a failure", async () => {
  await using sandbox = await openSandbox();
  using lock = await Deno.open(join(sandbox.home, "tokens.lock"), { create: true, write: true, mode: 0o600 });
  await lock.lock(true);
  const { checks, failed } = await examine(sandbox);
  assertEquals(failed, []);
  assertMatch(checks.get("folder")?.message ?? "", /is locked by another process$/);
});

Deno.test({
  name: "doctor names each missing permission with its flag",
  // An executable has its permissions built in, so none can be removed.
  ignore: isExecutable,
  async fn() {
    await using sandbox = await openSandbox();
    const denied = ["--deny-net=[::1]", "--deny-env=PATH", `--deny-write=${sandbox.home}`];
    const { checks, failed } = await examine(sandbox, { denied });
    assertEquals(failed.includes("loopback [::1]") && failed.includes("folder"), true, failed.join());
    assertEquals(checks.get("loopback [::1]")?.remedy, "Add the Deno flag --allow-net=[::1]");
    assertStringIncludes(checks.get("permissions")?.message ?? "", "--allow-net=[::1] --allow-write=");
    assertMatch(checks.get("browser")?.message ?? "", /if it is installed$/, "PATH can't be read");
  },
});

Deno.test({
  name: "doctor warns if nothing opens a browser: no display, a missing opener, BROWSER=none",
  ignore: Deno.build.os !== "linux" || isExecutable,
  async fn() {
    await using sandbox = await openSandbox();
    const empty = join(sandbox.folder, "empty");
    await Deno.mkdir(empty);
    const bare = await examine(sandbox, {
      env: { BROWSER: "", DISPLAY: "", WAYLAND_DISPLAY: "", PATH: empty },
    });
    assertEquals(
      bare.checks.get("display")?.message,
      "not detected: neither DISPLAY nor WAYLAND_DISPLAY is set",
    );
    assertEquals(bare.checks.get("browser")?.message, "not installed: xdg-open (the system's opener)");
    assertStringIncludes(bare.checks.get("browser")?.remedy ?? "", "--flow device-code");
    assertEquals([bare.checks.get("display")?.level, bare.checks.get("browser")?.level], ["warn", "warn"]);
    const none = await examine(sandbox, { env: { BROWSER: "none", DISPLAY: ":0" } });
    assertEquals(none.checks.get("browser")?.message, "no program opens it (BROWSER is none)");
    const denied = await examine(sandbox, { env: { BROWSER: "true" } });
    assertStringIncludes(denied.checks.get("browser")?.remedy ?? "", "--allow-run=true");
    assertEquals([none.failed, denied.failed], [[], []]);
  },
});
