import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { CONFIDENTIAL_APPLICATION } from "../../support/provider/directory.ts";
import type { Failure } from "../../support/provider/failures.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const BUSY: Failure = { kind: "response", status: 503, body: "busy" };
const HTML = { "content-type": "text/html" };

/** A response that requires a pause. */
function askFor(pause: string, status = 429): Failure {
  return { kind: "response", status, headers: { ...HTML, "retry-after": pause }, body: "<h1>Too many</h1>" };
}

/** Opens a sandbox with a signed-in user, whose tokens live for `accessTokenTtl` seconds. */
async function openSignedIn(accessTokenTtl = 3600): Promise<Sandbox & { readonly token: string }> {
  await using parts = new AsyncDisposableStack();
  const sandbox = parts.use(await openSandbox({ accessTokenTtl }));
  const { code, stdout, stderr } = await sandbox.signIn(["get-token"]);
  assertEquals(code, 0, stderr);
  const owned = parts.move();
  return { ...sandbox, token: stdout.trim(), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function refreshes({ provider }: Sandbox): number {
  return provider.requestsTo("token").filter(({ form }) => form.grant_type === "refresh_token").length;
}

function storeOf({ home }: Sandbox): Promise<Uint8Array> {
  return Deno.readFile(join(home, "tokens.enc"));
}

Deno.test("refresh retries a busy authority", async () => {
  await using sandbox = await openSignedIn();
  sandbox.provider.failNext("token", BUSY);
  const result = await sandbox.run(["refresh"]);
  assertEquals([result.code, refreshes(sandbox)], [0, 2], result.stderr);
});

Deno.test("refresh fails if the authority remains busy, keeps the tokens, and no process asks again for a minute", async () => {
  await using sandbox = await openSignedIn();
  const before = await storeOf(sandbox);
  for (let times = 3; times > 0; times--) sandbox.provider.failNext("token", BUSY);
  const result = await sandbox.run(["refresh"]);
  assertEquals([result.code, result.stdout, refreshes(sandbox)], [4, "", 3], result.stderr);
  assertMatch(result.stderr, /^error: localhost:\d+ is unavailable \(status 503\)$/m);
  assertEquals(await storeOf(sandbox), before);
  const next = await sandbox.run(["refresh"]);
  assertEquals([next.code, next.stdout, refreshes(sandbox)], [4, "", 3], "nothing is sent");
  assertMatch(next.stderr, /^error: localhost:\d+ is throttling requests$/m);
  assertMatch(next.stderr, /^Hint: Try again in (?:1 minute|\d\d? seconds?), at /m);
  await Deno.remove(join(sandbox.home, "throttle.json"));
  assertEquals((await sandbox.run(["refresh"])).code, 0);
});

Deno.test("a refresh whose response is lost is not retried, since its token may be used up", async () => {
  await using sandbox = await openSignedIn();
  const before = await storeOf(sandbox);
  sandbox.provider.failNext("token", { kind: "reset" });
  const result = await sandbox.run(["refresh"]);
  assertEquals([result.code, result.stdout, refreshes(sandbox)], [4, "", 1], result.stderr);
  assertMatch(result.stderr, /^error: localhost:\d+ closed the connection before it responded$/m);
  assertEquals(await storeOf(sandbox), before);
});

Deno.test("a refresh with an unusable response keeps the tokens", async () => {
  await using sandbox = await openSignedIn();
  const before = await storeOf(sandbox);
  const answer = (body: string | Uint8Array, headers: Record<string, string> = {}): Failure => {
    return { kind: "response", status: 200, headers, body };
  };
  const answers: readonly (readonly [Failure, number, RegExp])[] = [
    [answer("<html>", HTML), 4, /^error: Received a web page instead of a response from localhost:\d+$/m],
    [answer('{"token_type":"Bearer","access_tok'), 3, /something that is not a JSON object$/m],
    [answer(new Uint8Array(2 * 1024 * 1024)), 4, /is larger than 1048576 bytes$/m],
    [answer("x".repeat(100), { "content-encoding": "gzip" }), 4, /could not be decompressed$/m],
    [answer("{}", { "content-length": "200" }), 4, / is incomplete$/m],
    [{ kind: "response", status: 302, headers: { location: "https://portal.example" } }, 3, /a redirect$/m],
  ];
  for (const [failure, code, message] of answers) {
    sandbox.provider.failNext("token", failure);
    const result = await sandbox.run(["refresh"]);
    assertEquals([result.code, result.stdout], [code, ""], result.stderr);
    assertMatch(result.stderr, message);
    assertEquals(await storeOf(sandbox), before);
  }
  assertEquals(refreshes(sandbox), answers.length, "none is sent again");
});

Deno.test("an application token request is retried if the authority is busy, but not if it may have been processed", async () => {
  await using sandbox = await openSandbox();
  const { clientId, secret = "" } = CONFIDENTIAL_APPLICATION;
  const args = ["get-token", "--client-id", clientId, "--flow", "client-credentials"];
  const env = { AZURE_CLIENT_SECRET: secret };
  const asked = () => sandbox.provider.requestsTo("token").length;
  sandbox.provider.failNext("token", { kind: "reset" });
  const lost = await sandbox.run(args, { env });
  assertEquals([lost.code, lost.stdout, asked()], [4, "", 1], lost.stderr);
  sandbox.provider.failNext("token", BUSY);
  const busy = await sandbox.run(args, { env });
  assertEquals([busy.code, asked()], [0, 3], busy.stderr);
});

Deno.test("refresh waits as long as the authority requires", async () => {
  await using sandbox = await openSignedIn();
  sandbox.provider.failNext("token", askFor("1"));
  const result = await sandbox.run(["refresh"]);
  assertEquals([result.code, refreshes(sandbox)], [0, 2], result.stderr);
  assertMatch(result.stderr, /^⏳ Waiting 1 second, as localhost:\d+ requested\.\.\.$/m);
});

Deno.test("the next process obeys a long pause, but a new sign-in does not", async () => {
  await using sandbox = await openSignedIn();
  sandbox.provider.failNext("token", askFor("300", 503));
  const first = await sandbox.run(["refresh"]);
  assertEquals([first.code, first.stdout], [4, ""]);
  assertMatch(first.stderr, /^error: localhost:\d+ is unavailable \(status 503\)$/m);
  assertMatch(first.stderr, /^Hint: Try again in 5 minutes, at \d\d:\d\d:\d\d\.$/m);

  const next = await sandbox.run(["refresh"]);
  assertEquals([next.code, next.stdout], [4, ""]);
  assertMatch(next.stderr, /^error: localhost:\d+ is throttling requests$/m);
  assertMatch(
    next.stderr,
    /^Hint: Try again in (?:5 minutes|[34] minutes(?: \d\d? seconds?)?), at \d\d:\d\d:\d\d\.$/m,
  );
  assertEquals(refreshes(sandbox), 1, "nothing is sent");
  assertEquals(
    (await sandbox.run(["get-token"])).stdout.trim(),
    sandbox.token,
    "the cache still works",
  );

  const kept = await Deno.readTextFile(join(sandbox.home, "throttle.json"));
  assertEquals(
    JSON.parse(kept).pauses.map(({ host, client_id }: Record<string, string>) => [host, client_id]),
    [
      [`localhost:${sandbox.provider.port}`, sandbox.provider.clientId],
    ],
  );
  const again = await sandbox.signIn(["get-token", "--force"]);
  assertEquals(again.code, 0, again.stderr);
});

Deno.test("a file of pauses that is damaged or from a wrong clock blocks no process", async () => {
  await using sandbox = await openSignedIn();
  const { port, clientId } = sandbox.provider;
  const far = { host: `localhost:${port}`, client_id: clientId, until: "2199-01-01T00:00:00Z" };
  for (const text of ["{", JSON.stringify({ version: 1, pauses: [far] })]) {
    await Deno.writeTextFile(join(sandbox.home, "throttle.json"), text);
    const result = await sandbox.run(["refresh"]);
    assertEquals(result.code, 0, result.stderr);
  }
});

Deno.test("a token with some minutes left is returned at once if its refresh meets a busy authority", async () => {
  await using sandbox = await openSignedIn(120);
  const meetings = [
    [BUSY, "is unavailable", 1],
    [askFor("60"), "is unavailable", 2],
    [null, "is throttling requests", 2],
  ] as const;
  for (const [failure, reason, times] of meetings) {
    if (failure !== null) sandbox.provider.failNext("token", failure);
    const result = await sandbox.run(["get-token"]);
    assertEquals([result.code, result.stdout.trim()], [0, sandbox.token], result.stderr);
    assertStringIncludes(result.stderr, reason);
    assertEquals(refreshes(sandbox), times, "nothing is sent again");
    if (failure === BUSY) await Deno.remove(join(sandbox.home, "throttle.json"));
  }
});

Deno.test("a token with some minutes left is returned if the authority exceeds --timeout", async () => {
  await using sandbox = await openSignedIn(120);
  const release = Promise.withResolvers<void>();
  sandbox.provider.failNext("token", { kind: "hold", until: release.promise, then: { kind: "reset" } });
  const result = await sandbox.run(["get-token", "--timeout", "2s"]);
  release.resolve();
  assertEquals([result.code, result.stdout.trim()], [0, sandbox.token], result.stderr);
  assertMatch(
    result.stderr,
    /^warning: could not refresh the token: No response from localhost:\d+ within/m,
  );
});

Deno.test({
  name: "Ctrl-C cancels a wait that the authority requires",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSignedIn();
    sandbox.provider.failNext("token", askFor("20"));
    const program = sandbox.start(["refresh"]);
    await program.stderrMatch(/Waiting 20 seconds/);
    program.kill("SIGINT");
    const result = await program.ended;
    assertEquals([result.code, result.stdout, refreshes(sandbox)], [130, "", 1], result.stderr);
  },
});

Deno.test("a code is redeemed once, whatever the authority responds", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("token", askFor("1", 503));
  const result = await sandbox.signIn(["get-token"]);
  assertEquals([result.code, result.stdout], [4, ""], result.stderr);
  assertStringIncludes(result.stderr, "Try again in 1 second");
  assertEquals(sandbox.provider.requestsTo("token").length, 1);
});

Deno.test("get-token --timeout and refresh --timeout end a request without a response", async () => {
  await using sandbox = await openSignedIn(1);
  const release = Promise.withResolvers<void>();
  const held: Failure = { kind: "hold", until: release.promise, then: { kind: "reset" } };
  // After the first one the token has expired.
  const cases = [
    ["discovery", "get-token", "--force"],
    ["token", "get-token"],
    ["token", "refresh"],
  ] as const;
  for (const [endpoint, ...args] of cases) {
    sandbox.provider.failNext(endpoint, held);
    const result = await sandbox.run([...args, "--timeout", "2s"]);
    assertEquals([result.code, result.stdout], [4, ""], result.stderr);
    assertMatch(result.stderr, /^error: No response from localhost:\d+ within [\d.]+ s$/m);
  }
  release.resolve();
  assertEquals(sandbox.browser.count, 1);
});
