import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import type { ProgramOptions, ProgramResult } from "../../support/program/program.ts";
import { occupyPort } from "../../support/network/ports.ts";
import { startProxy } from "../../support/network/proxy.ts";
import { ADA } from "../../support/provider/directory.ts";
import type { Endpoint, Failure, Json } from "../../support/provider/failures.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** Asserts that stdout is empty, stderr has one message and a hint, and no token is stored. */
async function assertNothingCame(
  sandbox: Sandbox,
  result: ProgramResult,
  code: number,
  message: RegExp,
): Promise<void> {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  assertMatch(result.stderr, message);
  assertMatch(result.stderr, /^Hint: \S/m);
  assert(!/^\s+at |Uncaught/m.test(result.stderr), result.stderr);
  assertEquals((await sandbox.run(["inspect"])).code, 6, "nothing is saved");
}

/** Signs in with other options than those of the sandbox. */
async function signInWith(sandbox: Sandbox, args: readonly string[], options: Partial<ProgramOptions>) {
  const program = sandbox.start(args, options);
  const url = await Promise.race([sandbox.browser.next(), program.ended]);
  if (typeof url === "string") await sandbox.userAgent.signIn(url, ADA);
  return await program.ended;
}

Deno.test("get-token --ca-cert with a missing or invalid file is a usage error", async () => {
  await using sandbox = await openSandbox();
  const garbage = join(sandbox.folder, "garbage.pem");
  const broken = join(sandbox.folder, "broken.pem");
  await Deno.writeTextFile(garbage, "not a certificate\n");
  await Deno.writeTextFile(broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const missing = join(sandbox.folder, "missing.pem");
  for (const [file, named] of [[missing, missing], [garbage, garbage], [broken, "--ca-cert"]] as const) {
    const result = await sandbox.run(["get-token", "--ca-cert", file]);
    await assertNothingCame(sandbox, result, 2, /certificate/);
    assertStringIncludes(result.stderr, named);
  }
  assertEquals(sandbox.browser.count, 0);
  const named = await sandbox.run(["get-token"], { env: { ENTRA_AUTH_CLI_CA_CERT: missing } });
  assertEquals([named.code, named.stdout], [2, ""]);
  assertStringIncludes(named.stderr, "ENTRA_AUTH_CLI_CA_CERT");
});

Deno.test("a user-named file that is too large or endless is a usage error and is not read to its end", async () => {
  await using sandbox = await openSandbox();
  const large = join(sandbox.folder, "large.pem");
  await Deno.writeTextFile(large, " ".repeat(1_048_577));
  for (const file of [large, ...(Deno.build.os === "windows" ? [] : ["/dev/zero"])]) {
    for (const args of [["--ca-cert", file], ["--flow", "client-credentials", "--certificate", file]]) {
      const result = await sandbox.run(["get-token", ...args]);
      await assertNothingCame(
        sandbox,
        result,
        2,
        /^error: Cannot use the .*: .* is larger than 1048576 bytes$/m,
      );
    }
    const inspected = await sandbox.run(["inspect", "--file", file]);
    await assertNothingCame(sandbox, inspected, 2, / is larger than \d+ bytes$/m);
  }
});

Deno.test({
  name: "a silent pipe as --ca-cert ends with --timeout or a signal, and a pipe with the root is read once",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const pipe = join(sandbox.folder, "pipe");
    assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
    const args = ["get-token", "--ca-cert", pipe];
    const late = await sandbox.run([...args, "--timeout", "1s"]);
    await assertNothingCame(sandbox, late, 5, /^error: Timeout reading .*pipe: it did not end within 1 s$/m);

    // A write returns when the program has opened the pipe.
    const content = await Deno.readFile(join(sandbox.folder, "ca.pem"));
    const signing = signInWith(sandbox, args, {});
    await Deno.writeFile(pipe, content);
    const result = await signing;
    assertEquals(result.code, 0, result.stderr);

    const program = sandbox.start([...args, "--force"]);
    const writer = await Deno.open(pipe, { write: true });
    program.kill("SIGTERM");
    assertEquals((await program.ended).code, 143);
    writer.close();
  },
});

Deno.test("get-token --ca-cert overrides $ENTRA_AUTH_CLI_CA_CERT", async () => {
  await using sandbox = await openSandbox();
  const env = { ENTRA_AUTH_CLI_CA_CERT: join(sandbox.folder, "missing.pem") };
  const args = ["get-token", "--ca-cert", join(sandbox.folder, "ca.pem")];
  const result = await signInWith(sandbox, args, { env });
  assertEquals(result.code, 0, result.stderr);
});

Deno.test("get-token names TLS and --ca-cert for an untrusted authority", async () => {
  await using sandbox = await openSandbox();
  const result = await sandbox.run(["get-token"], { env: { ENTRA_AUTH_CLI_CA_CERT: "" } });
  await assertNothingCame(
    sandbox,
    result,
    4,
    /^error: The TLS certificate of localhost:\d+ is not trusted$/m,
  );
  assertStringIncludes(result.stderr, "--ca-cert");
  assertEquals([sandbox.browser.count, sandbox.provider.requests.length], [0, 0]);
});

/** Variables of a machine whose system roots are those in `file`. */
function machineTrusting(file: string): Record<string, string> {
  return { ENTRA_AUTH_CLI_CA_CERT: "", SSL_CERT_FILE: file, SSL_CERT_DIR: "", DENO_TLS_CA_STORE: "" };
}

Deno.test({
  name: "get-token trusts the roots of the system unless DENO_TLS_CA_STORE excludes them",
  // On other systems the roots are in a store of the system.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox();
    const env = machineTrusting(join(sandbox.folder, "ca.pem"));
    const result = await signInWith(sandbox, ["get-token"], { env });
    assertEquals(result.code, 0, result.stderr);
    const mozilla = await sandbox.run(["refresh"], { env: { ...env, DENO_TLS_CA_STORE: "mozilla" } });
    assertEquals(mozilla.code, 4);
    assertMatch(mozilla.stderr, /^error: The TLS certificate of localhost:\d+ is not trusted$/m);
    const nonsense = await sandbox.run(["refresh"], { env: { ...env, DENO_TLS_CA_STORE: "moon" } });
    assertEquals(nonsense.code, 2);
    assertStringIncludes(nonsense.stderr, "Check the variables DENO_TLS_CA_STORE and DENO_CERT");
  },
});

Deno.test({
  name: "without readable roots of the system, named roots and those of Deno remain trusted",
  // In an executable Deno cannot recover from unreadable roots: the error says what to check.
  ignore: Deno.build.os !== "linux" || Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using sandbox = await openSandbox();
    const env = {
      ...machineTrusting(join(sandbox.folder, "missing.pem")),
      ENTRA_AUTH_CLI_CA_CERT: join(sandbox.folder, "ca.pem"),
    };
    const result = await signInWith(sandbox, ["get-token"], { env });
    assertEquals(result.code, 0, result.stderr);
  },
});

Deno.test("a missing file in DENO_CERT or SSL_CERT_FILE is not blamed on --ca-cert", async () => {
  await using sandbox = await openSandbox();
  const missing = join(sandbox.folder, "missing.pem");
  for (const command of ["get-token", "doctor"]) {
    const result = await sandbox.run([command], { env: { DENO_CERT: missing } });
    const output = result.stdout + result.stderr;
    assertStringIncludes(output, "Cannot load the certificates that this machine trusts");
    assertMatch(output, /Check the variables .*DENO_CERT/);
    assertEquals(output.includes("--ca-cert or"), false, output);
  }
  if (Deno.build.os !== "linux") return;
  const untrusted = await sandbox.run(["get-token"], { env: machineTrusting(missing) });
  assertStringIncludes(untrusted.stderr, "SSL_CERT_FILE");
});

Deno.test("get-token exits with 4 before a browser opens if the provider is down", async () => {
  await using sandbox = await openSandbox();
  await sandbox.provider.stop();
  const result = await sandbox.run(["get-token"]);
  await assertNothingCame(sandbox, result, 4, /^error: localhost:\d+ refused the connection$/m);
  assertEquals(sandbox.browser.count, 0);
});

Deno.test("get-token uses the proxy of $HTTPS_PROXY with its user name and password", async () => {
  await using sandbox = await openSandbox();
  await using proxy = startProxy();
  const env = { HTTPS_PROXY: proxy.url.replace("//", "//ada:open%20sesame@") };
  const result = await signInWith(sandbox, ["get-token"], { env });
  assertEquals(result.code, 0, result.stderr);
  assert(proxy.targets.length >= 1);
  assertEquals(new Set(proxy.targets), new Set([`localhost:${sandbox.provider.port}`]));
  assertEquals(new Set(proxy.credentials), new Set([`Basic ${btoa("ada:open sesame")}`]));
  assert(!result.stderr.includes("sesame"));
});

Deno.test("get-token obeys $NO_PROXY", async () => {
  await using sandbox = await openSandbox();
  await using proxy = startProxy();
  const result = await signInWith(sandbox, ["get-token"], {
    env: { HTTPS_PROXY: proxy.url, NO_PROXY: "example.com,localhost" },
  });
  assertEquals(result.code, 0, result.stderr);
  assertEquals(proxy.targets, []);
});

Deno.test("get-token exits with 4 and names the proxy if it refuses or is unreachable", async () => {
  await using sandbox = await openSandbox();
  await using refusing = startProxy({ answer: "403 Forbidden", body: "no\n" });
  await using asking = startProxy({ answer: "407 Proxy Authentication Required" });
  const gone = occupyPort();
  gone[Symbol.dispose]();
  const host = `localhost:${sandbox.provider.port}`;
  const shown = (url: string) => url.replace("http://", "");
  const withUser = asking.url.replace("//", "//ada:open%20sesame@");
  const absent = `http://ada:open%20sesame@127.0.0.1:${gone.port}`;
  const cases = [
    [refusing.url, `The proxy ${shown(refusing.url)} refused to connect to ${host}`, "NO_PROXY"],
    [asking.url, `The proxy ${shown(asking.url)} requires a valid user name and password`, "USER:PASSWORD@"],
    [withUser, `The proxy ${shown(asking.url)} requires a valid user name and password`, "%40"],
    [absent, `The proxy 127.0.0.1:${gone.port} refused the connection`, "HTTPS_PROXY"],
  ] as const;
  for (const [url, message, hint] of cases) {
    const result = await sandbox.run(["get-token", "--verbose"], { env: { HTTPS_PROXY: url } });
    await assertNothingCame(sandbox, result, 4, /^error: The proxy /);
    assertEquals(result.stderr.split("\n")[0], `error: ${message}`);
    assertStringIncludes(result.stderr, hint);
    assert(!result.stderr.includes("sesame"), result.stderr);
  }
  assertEquals(sandbox.provider.requests.length, 0, "nothing bypasses the proxy");
});

Deno.test({
  name: "an empty NO_PROXY hides no_proxy, and the error names the machine that did not answer",
  // There NO_PROXY and no_proxy are one variable.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.provider.stop();
    const gone = occupyPort();
    gone[Symbol.dispose]();
    const proxy = `127.0.0.1:${gone.port}`;
    const viaProxy = `error: The proxy ${proxy} refused the connection`;
    const direct = `error: localhost:${sandbox.provider.port} refused the connection`;
    const cases = [
      [{ NO_PROXY: "", no_proxy: "localhost" }, viaProxy],
      [{ NO_PROXY: "localhost", no_proxy: "" }, direct],
    ] as const;
    for (const [variables, message] of cases) {
      const result = await sandbox.run(["get-token"], {
        env: { HTTPS_PROXY: `http://${proxy}`, ...variables },
      });
      await assertNothingCame(sandbox, result, 4, /^error: /);
      assertEquals(result.stderr.split("\n")[0], message, JSON.stringify(variables));
    }
  },
});

Deno.test("get-token reports a proxy variable that Deno ignores", async () => {
  await using sandbox = await openSandbox();
  await sandbox.provider.stop();
  const result = await sandbox.run(["get-token"], { env: { HTTPS_PROXY: "http://ada@127.0.0.1:9" } });
  await assertNothingCame(sandbox, result, 4, /^error: localhost:\d+ refused the connection$/m);
  assertStringIncludes(result.stderr, "HTTPS_PROXY is set but ignored");
});

/** A failure of the provider, the expected exit code, and the message. */
const FAILURES: readonly (readonly [string, Endpoint, Failure, number, RegExp])[] = [
  [
    "a discovery that fails",
    "discovery",
    { kind: "response", status: 500, body: "oops" },
    4,
    /is unavailable \(status 500\)/,
  ],
  [
    "a sign-in page instead of discovery",
    "discovery",
    {
      kind: "response",
      status: 200,
      headers: { "content-type": "text/html" },
      body: "<html>Sign in to the hotel</html>",
    },
    4,
    /^error: Received a web page instead of a response from localhost:\d+$/m,
  ],
  ["a reset during discovery", "discovery", { kind: "reset" }, 4, /localhost:\d+ /],
  [
    "a discovery without content",
    "discovery",
    { kind: "response", status: 200, body: "{}" },
    3,
    /authorization_endpoint is not https/,
  ],
  [
    "a discovery with a foreign token endpoint",
    "discovery",
    {
      kind: "rewrite",
      rewrite: (genuine) => ({ ...genuine, token_endpoint: "https://collector.example/token" }),
    },
    3,
    /token_endpoint is not https on localhost/,
  ],
  [
    "a discovery with a foreign authorization endpoint",
    "discovery",
    {
      kind: "rewrite",
      rewrite: (genuine) => ({ ...genuine, authorization_endpoint: "https://phish.example/" }),
    },
    3,
    /authorization_endpoint is not https on localhost/,
  ],
  [
    "a discovery whose token endpoint is not https",
    "discovery",
    {
      kind: "rewrite",
      rewrite: (genuine) => ({
        ...genuine,
        token_endpoint: `${genuine.token_endpoint}`.replace("https", "http"),
      }),
    },
    3,
    /token_endpoint is not https on localhost/,
  ],
  [
    "a discovery with a foreign issuer",
    "discovery",
    { kind: "rewrite", rewrite: (genuine) => ({ ...genuine, issuer: "https://sts.example/v2.0" }) },
    3,
    /issuer is not https on localhost/,
  ],
  [
    "a tenant that does not exist",
    "discovery",
    { kind: "entraError", error: "invalid_tenant", aadsts: 90002 },
    3,
    /There is no such tenant/,
  ],
  [
    "a token endpoint that fails",
    "token",
    { kind: "response", status: 500, headers: { "content-type": "text/html" }, body: "<h1>500</h1>" },
    4,
    /is unavailable \(status 500\)/,
  ],
  [
    "a token endpoint that is too busy",
    "token",
    { kind: "response", status: 429, body: "{}" },
    4,
    /status 429/,
  ],
  [
    "a token endpoint that responds with HTML",
    "token",
    { kind: "response", status: 200, headers: { "content-type": "text/html" }, body: "<html></html>" },
    4,
    /^error: Received a web page instead of a response from localhost:\d+$/m,
  ],
  ["a token endpoint that resets the connection", "token", { kind: "reset" }, 4, /localhost:\d+ /],
  [
    "an empty token response",
    "token",
    { kind: "response", status: 200, headers: { "content-type": "application/json" }, body: "{}" },
    3,
    /access_token is not a token/,
  ],
  [
    "a token response without a body",
    "token",
    { kind: "response", status: 200, body: "" },
    3,
    /not a JSON object/,
  ],
  [
    "a token response that is a list",
    "token",
    { kind: "response", status: 200, body: "[]" },
    3,
    /not a JSON object/,
  ],
  [
    "a token response that never ends",
    "token",
    { kind: "response", status: 200, body: new Uint8Array(3 * 1024 * 1024).fill(0x20) },
    4,
    /is larger than \d+ bytes/,
  ],
  [
    "a token response without an ID token",
    "token",
    {
      kind: "rewrite",
      rewrite: ({ id_token: _, ...rest }) => rest,
    },
    3,
    /./,
  ],
  [
    "a token of another type",
    "token",
    { kind: "rewrite", rewrite: (genuine) => ({ ...genuine, token_type: "pop" }) },
    3,
    /token_type is not Bearer/,
  ],
  [
    "an access token with a line end",
    "token",
    {
      kind: "rewrite",
      rewrite: (genuine) => ({ ...genuine, access_token: `${genuine.access_token}\nX: y` }),
    },
    3,
    /access_token is not a token/,
  ],
  [
    "a token for another tenant",
    "token",
    claims((genuine) => ({ ...genuine, tid: "99999999-2222-4333-8444-555555555555" })),
    10,
    /was for tenant 99999999-/,
  ],
  [
    "a token with a wrong nonce",
    "token",
    claims((genuine) => ({ ...genuine, nonce: "another" })),
    3,
    /nonce/,
  ],
  ["a token without a nonce", "token", claims(({ nonce: _, ...rest }) => rest), 3, /nonce/],
  [
    "a token for another application",
    "token",
    claims((genuine) => ({ ...genuine, aud: "00000000-0000-4000-8000-000000000000" })),
    3,
    /aud is not this application/,
  ],
  [
    "a token of another issuer",
    "token",
    claims((genuine) => ({ ...genuine, iss: "https://login.example/v2.0" })),
    3,
    /iss is not the requested authority/,
  ],
  [
    "a client that the authority treats as confidential",
    "token",
    { kind: "entraError", error: "invalid_client", aadsts: 7000218, status: 401 },
    3,
    /not registered as a public client/,
  ],
];

function claims(change: (genuine: Json) => Json): Failure {
  return { kind: "claims", token: "id_token", change };
}

for (const [what, endpoint, failure, code, message] of FAILURES) {
  Deno.test(`get-token on ${what} exits with ${code}, prints no token and saves nothing`, async () => {
    await using sandbox = await openSandbox();
    const failsEarly = endpoint === "discovery";
    // Discovery is retried after a transient failure.
    for (let times = failsEarly ? 3 : 1; times > 0; times--) sandbox.provider.failNext(endpoint, failure);
    const result = failsEarly
      ? await sandbox.run(["get-token"])
      : await signInWith(sandbox, ["get-token"], {});
    await assertNothingCame(sandbox, result, code, message);
    assertEquals(sandbox.browser.count, failsEarly ? 0 : 1);
    assertEquals(sandbox.provider.requestsTo("token").length, failsEarly ? 0 : 1, "a code is sent once");
  });
}

Deno.test("a failed attempt does not affect the next one", async () => {
  await using sandbox = await openSandbox();
  for (let times = 3; times > 0; times--) sandbox.provider.failNext("discovery", { kind: "reset" });
  assertEquals((await sandbox.run(["get-token"])).code, 4);
  sandbox.provider.failNext("token", { kind: "reset" });
  assertEquals((await sandbox.signIn(["get-token"])).code, 4);
  assertEquals((await sandbox.signIn(["get-token"])).code, 0);
});

Deno.test("get-token does not follow a redirect of the token endpoint", async () => {
  await using sandbox = await openSandbox();
  await using collector = startProxy();
  for (
    const [status, location] of [[307, `${sandbox.provider.origin}/elsewhere`], [
      302,
      `${collector.url}/`,
    ]] as const
  ) {
    sandbox.provider.failNext("token", { kind: "response", status, headers: { location } });
    const result = await signInWith(sandbox, ["get-token"], {});
    await assertNothingCame(sandbox, result, 3, /responded with a redirect/);
  }
  assert(!sandbox.provider.requests.some(({ path }) => path === "/elsewhere"));
  assertEquals(collector.targets, []);
});

Deno.test("the page in the browser shows a failure after the redirect and its reason", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("token", { kind: "entraError", error: "invalid_client", aadsts: 7000218 });
  const result = await sandbox.signIn(["get-token"]);
  assertEquals(result.code, 3);
  assertStringIncludes(result.page.body, "not registered as a public client");
  assert(!result.page.body.includes("You are signed in"));
});

Deno.test("messages of the authority reach the terminal without control characters", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("token", {
    kind: "entraError",
    error: "invalid_request",
    aadsts: 900144,
    description: "\x1b[2J\x1b]0;owned\x07first\r\nsecond\u202e",
  });
  const result = await signInWith(sandbox, ["get-token", "--verbose"], {});
  assertEquals(result.code, 3);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/.test(result.stderr), JSON.stringify(result.stderr));
});

Deno.test({
  name: "a missing permission exits with 8 and names the flag",
  // An executable has fixed permissions.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using sandbox = await openSandbox();
    const result = await sandbox.run(["get-token"], { hosts: [] });
    await assertNothingCame(sandbox, result, 8, new RegExp(`localhost:${sandbox.provider.port}`));
    assertStringIncludes(result.stderr, `--allow-net=localhost:${sandbox.provider.port}`);
  },
});

Deno.test({
  name: "an address that Deno denies after the lookup is a permission error, not a network error",
  // Older versions of Deno check only the name.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined ||
    !/^2\.(9|\d\d)\./.test(Deno.version.deno),
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    await sandbox.signIn(["get-token"]);
    const denied = [`--deny-net=127.0.0.1:${sandbox.provider.port},[::1]:${sandbox.provider.port}`];
    const result = await sandbox.run(["refresh"], { denied });
    assertEquals(result.code, 8, result.stderr);
  },
});
