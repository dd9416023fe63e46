import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  type CallbackEntry,
  type DeviceCodeEntry,
  entryNamed,
  type ErrorEntry,
  readAccounts,
  readCallbacks,
  readChallenges,
  readDeviceCodes,
  readErrors,
  readTokenResponses,
  type TokenResponseEntry,
} from "../../support/corpus/corpus.ts";
import { printReplayed } from "../../support/service/print_replayed.ts";
import { flagsOf, openServiceSandbox, type ServiceSandbox } from "../../support/service/service_sandbox.ts";

const accounts = await readAccounts();

/** Runs one step per entry, each with a home folder of its own, and prints the figures. */
async function replayEach<T extends { readonly id: string }>(
  t: Deno.TestContext,
  kind: string,
  entries: readonly T[],
  replay: (sandbox: ServiceSandbox, entry: T, home: string) => Promise<void>,
): Promise<void> {
  await using sandbox = await openServiceSandbox();
  let passed = 0;
  for (const [index, entry] of entries.entries()) {
    passed += Number(await t.step(entry.id, () => replay(sandbox, entry, `${sandbox.home}-${index}`)));
  }
  await printReplayed(kind, entries.length, passed);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { mode: 0o700 });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

Deno.test("every token response of the corpus gives a token for its whole lifetime", async (t) => {
  const responses = await readTokenResponses();
  await replayEach(t, "token responses", responses, async (sandbox, entry: TokenResponseEntry, home) => {
    const { service } = sandbox;
    service.account = entryNamed(accounts, entry.account ?? "work");
    service.tokenResponse = entry;
    const flags = [...flagsOf(service.account), "--scope", entry.scope, "--output", "json"];
    if (entry.account === null) {
      const args = ["get-token", ...flags, "--flow", "client-credentials"];
      const result = await sandbox.run(args, { home, env: { AZURE_CLIENT_SECRET: "a secret for the test" } });
      assertEquals(result.code, 0, result.stderr);
      return;
    }
    const result = await sandbox.signIn(["get-token", ...flags], { home });
    if (!("access_token" in entry.body)) {
      assertEquals([result.code, result.stdout], [3, ""], result.stderr);
      assertStringIncludes(result.stderr, "no access token: no scope names an API");
      assertStringIncludes(result.stderr, "--scope");
      return;
    }
    assertEquals(result.code, 0, result.stderr);
    const token = JSON.parse(result.stdout);
    const life = Number(entry.body.expires_in);
    assert(token.expires_in <= life && token.expires_in > life - 120, `a life of ${token.expires_in} s`);
    assert(!result.stderr.includes("not granted"), result.stderr);
    const again = await sandbox.run(["get-token", ...flags], { home });
    assertEquals([again.code, JSON.parse(again.stdout).source], [0, "cache"], again.stderr);
  });
});

Deno.test("every error of the corpus is reported with its number and correlation ID, without its trace", async (t) => {
  await using sandbox = await openServiceSandbox();
  sandbox.service.account = entryNamed(accounts, "work");
  const flags = flagsOf(sandbox.service.account);
  await sandbox.run(["create-profile", "--name", "default", ...flags, "--scope", "User.Read"]);
  const signedIn = await sandbox.signIn(["get-token"]);
  assertEquals(signedIn.code, 0, signedIn.stderr);
  const errors = await readErrors();
  const replay = async ({ where, status, body, expect }: ErrorEntry, index: number) => {
    const { service } = sandbox;
    const home = `${sandbox.home}-${index}`;
    await copyFolder(sandbox.home, home);
    // A pending device code and a busy service are asked again.
    service.replies.length = 0;
    for (let times = 0; times < 4; times++) service.replies.push({ status, body });
    service.deviceReply = where === "device" ? { status, body } : null;
    const args = where === "device"
      ? ["get-token", "--force", "--flow", "device-code"]
      : ["get-token", "--no-interactive", "--scope", "Mail.Read"];
    const result = await sandbox.run([...args, "--output", "json"], { home });
    assert([3, 4, 9].includes(result.code) && result.stdout === "", `${result.code}: ${result.stderr}`);
    const { error } = JSON.parse(result.stderr.slice(result.stderr.indexOf('{"error"')));
    assertEquals([error.aadsts, error.correlation_id], [expect.aadsts, expect.correlation_id]);
    assert(!/Trace ID|aaaaaaaa-1111/.test(error.message), error.message);
  };
  let passed = 0;
  for (const [index, entry] of errors.entries()) {
    passed += Number(await t.step(entry.id, () => replay(entry, index)));
  }
  await printReplayed("errors", errors.length, passed);
});

Deno.test("every device code of the corpus is shown with its page and signs in", async (t) => {
  await replayEach(
    t,
    "device codes",
    await readDeviceCodes(),
    async (sandbox, entry: DeviceCodeEntry, home) => {
      const { service } = sandbox;
      service.account = entryNamed(accounts, entry.account);
      service.deviceCode = entry.body;
      const args = [
        "get-token",
        ...flagsOf(service.account),
        "--flow",
        "device-code",
        "--scope",
        "User.Read",
      ];
      const result = await sandbox.run(args, { home });
      assertEquals(result.code, 0, result.stderr);
      const page = entry.body.verification_uri ?? entry.body.verification_url;
      assertStringIncludes(result.stderr, `${page}`);
      assertStringIncludes(result.stderr, `And enter code: ${entry.body.user_code}`);
    },
  );
});

Deno.test("every authorization response of the corpus signs in or is reported with its number", async (t) => {
  await replayEach(t, "callbacks", await readCallbacks(), async (sandbox, entry: CallbackEntry, home) => {
    const { service } = sandbox;
    service.account = entryNamed(accounts, entry.account);
    const change = (genuine: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(entry.params).map(([name, value]) => [
          name,
          value.replace(/^\{(\w+)\}$/, (_, field) => genuine[field] ?? ""),
        ]),
      );
    const { scope } = service.account;
    const args = ["get-token", ...flagsOf(service.account), "--scope", scope, "--output", "json"];
    const result = await sandbox.signIn(args, { home, change });
    if ("code" in entry.params) {
      assertEquals(result.code, 0, result.stderr);
      return;
    }
    assert([3, 4].includes(result.code) && result.stdout === "", `${result.code}: ${result.stderr}`);
    const { error } = JSON.parse(result.stderr.slice(result.stderr.indexOf('{"error"')));
    assertEquals([error.aadsts, error.correlation_id], [entry.expect.aadsts, entry.expect.correlation_id]);
    assert(!/Trace ID|aaaaaaaa-1111/.test(error.message), error.message);
    assertCallbackError(entry, error);
  });
});

/** Asserts what a user reads about an authorization response that is no code. */
function assertCallbackError(
  { id, account }: CallbackEntry,
  { code, message, hint, description }: Record<string, string | null>,
): void {
  const shown = `${message}\n${hint}`;
  if (account.startsWith("personal")) assert(!/administrator/i.test(shown), shown);
  if (id === "cancelled" || id === "personal, Back or Cancel") {
    assertEquals(code, "access_denied");
    assertMatch(shown, /^The sign-in was cancelled or declined/);
    assertMatch(shown, /\nentra-auth-cli get-token --profile default --force/);
  }
  if (id.startsWith("server_error")) assertMatch(shown, /service failed \(server_error\)\nTry again/);
  if (id === "b2c") assertEquals([code, message?.includes("network")], ["sign_in_failed", false]);
  if (id.includes("declined") || id.includes("consent page")) assertEquals(code, "access_denied");
  if (id === "unknown scope") assertMatch(description ?? "", /User\.Reed/);
}

Deno.test("the claims of every challenge of the corpus are requested", async (t) => {
  await replayEach(t, "challenges", await readChallenges(), async (sandbox, entry, home) => {
    sandbox.service.account = entryNamed(accounts, "work");
    const args = ["get-token", ...flagsOf(sandbox.service.account), "--scope", "User.Read"];
    const ended = sandbox.run([...args, "--claims", entry.header], { home });
    const url = new URL(await sandbox.browser.next());
    const requested = JSON.parse(url.searchParams.get("claims") ?? "{}");
    assertMatch(JSON.stringify(requested), /1604106651/);
    const { redirectUri, params } = sandbox.service.authorize(url.href);
    const response = await fetch(redirectUri, { method: "POST", body: new URLSearchParams(params) });
    await response.body?.cancel();
    assertEquals((await ended).code, 0);
  });
});

Deno.test("a family refresh token is used for its own application, and client_mismatch requires a sign-in", async () => {
  await using sandbox = await openServiceSandbox();
  const { service } = sandbox;
  service.account = entryNamed(accounts, "work");
  // Microsoft's own applications get `foci`; MSAL stores their refresh tokens for the whole family.
  service.tokenResponse = entryNamed(await readTokenResponses(), "device-code-work");
  const scope = service.tokenResponse.scope;
  const flags = flagsOf(service.account);
  await sandbox.run(["create-profile", "--name", "default", ...flags, "--scope", scope]);
  assertEquals((await sandbox.signIn(["get-token"])).code, 0);
  for (let times = 0; times < 2; times++) {
    const refreshed = await sandbox.run(["refresh"]);
    assertEquals(refreshed.code, 0, refreshed.stderr);
  }
  const sent = () => service.requests.filter(({ form }) => form.grant_type === "refresh_token");
  assertEquals(
    new Set(sent().map(({ form }) => form.refresh_token)).size,
    2,
    "each refresh uses the newest token",
  );

  const error_description = "AADSTS700055: The refresh token is for another application.";
  const body = {
    error: "invalid_grant",
    suberror: "client_mismatch",
    error_description,
    error_codes: [700055],
  };
  service.replies.push({ status: 400, body }, { status: 400, body });
  const refused = await sandbox.run(["refresh"]);
  assertEquals([refused.code, refused.stdout], [3, ""], refused.stderr);
  assertStringIncludes(refused.stderr, "entra-auth-cli get-token --profile default");
  assertEquals(sent().length, 3, "the refused token is not sent again");
});
