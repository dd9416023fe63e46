import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

/** The shortest poll interval that the program accepts. */
const FAST = { devicePollInterval: 1 };
const DEVICE_CODE = ["get-token", "--flow", "device-code"];

Deno.test("get-token --flow device-code shows the code in the specification's words, signs in and stores the token", async () => {
  await using sandbox = await openSandbox(FAST);
  const program = sandbox.start([...DEVICE_CODE, "--output", "json", "--verbose"]);
  assertStringIncludes(await enterDeviceCode(sandbox, program.stderrMatch), "You have signed in");
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  const { tenantId, clientId, origin } = sandbox.provider;
  assertMatch(
    result.stderr,
    new RegExp(
      `^To sign in, use a web browser to open:\n  ${origin}/\\S+\nAnd enter code: [A-Z]{9}\n` +
        "Enter this code only if you started this sign-in: .*\n" +
        `.*for application ${clientId} in tenant ${tenantId}: User.Read\n` +
        "⏳ Waiting for sign-in\\.\\.\\.\n✓ Authentication successful!\nSigned in as \\S+\n" +
        "Token expires: [\\d-]{10} [\\d:]{8}\nToken saved to profile 'default'\n$",
    ),
  );
  const token = JSON.parse(result.stdout);
  assertEquals([token.source, token.account.username], ["device-code", ADA.username]);
  assertEquals(sandbox.browser.count, 0);
  const { device_code: deviceCode = "" } = sandbox.provider.requestsTo("token").at(-1)?.form ?? {};
  assert(deviceCode !== "" && !`${result.stdout}${result.stderr}`.includes(deviceCode), "it is a secret");

  const again = await sandbox.run([...DEVICE_CODE, "--output", "json"]);
  assertEquals(JSON.parse(again.stdout), {
    ...token,
    source: "cache",
    expires_in: JSON.parse(again.stdout).expires_in,
  });
  const refreshed = await sandbox.run(["refresh"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
});

Deno.test("a profile can select the device code flow in the spelling of the .NET tool", async () => {
  await using sandbox = await openSandbox(FAST);
  const { tenantId, clientId, origin } = sandbox.provider;
  const created = await sandbox.run([
    ...["create-profile", "--name", "far", "--tenant-id", tenantId, "--client-id", clientId],
    ...["--authority", origin, "--flow", "DeviceCode"],
  ]);
  assertEquals(created.code, 0, created.stderr);
  const program = sandbox.start(["get-token", "--profile", "far"]);
  await enterDeviceCode(sandbox, program.stderrMatch);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertStringIncludes(result.stderr, "Token saved to profile 'far'");
});

Deno.test("declining on the device code page exits with code 3 and says where it was declined", async () => {
  await using sandbox = await openSandbox(FAST);
  const program = sandbox.start(DEVICE_CODE);
  await enterDeviceCode(sandbox, program.stderrMatch, { ...ADA, consent: "cancel" });
  const result = await program.ended;
  assertEquals([result.code, result.stdout], [3, ""], result.stderr);
  assertMatch(
    result.stderr,
    /^error: The sign-in was declined on the device code page \(AADSTS\d+, .*\)\nHint: /m,
  );
});

Deno.test("an unused device code expires with exit code 5, and --timeout ends the wait earlier with another message", async () => {
  await using sandbox = await openSandbox({ ...FAST, deviceCodeTtl: 2 });
  const expired = await sandbox.run(DEVICE_CODE);
  assertEquals([expired.code, expired.stdout], [5, ""], expired.stderr);
  assertMatch(expired.stderr, /The device code expired before the sign-in was completed( \(.*\))?\nHint: /);
  sandbox.provider.setDeviceCodeTtl(900);
  const timedOut = await sandbox.run([...DEVICE_CODE, "--timeout", "1s"]);
  assertEquals([timedOut.code, timedOut.stdout], [5, ""], timedOut.stderr);
  assertStringIncludes(timedOut.stderr, "Timeout waiting for the code to be entered\nHint: ");
});

Deno.test("a code_expired of the first version of the protocol is exit code 5 too", async () => {
  await using sandbox = await openSandbox(FAST);
  sandbox.provider.failNext("token", { kind: "entraError", error: "code_expired", aadsts: 70020 });
  const result = await sandbox.run(DEVICE_CODE);
  assertEquals([result.code, result.stdout], [5, ""], result.stderr);
  assertMatch(result.stderr, /The device code expired before the sign-in was completed \(AADSTS70020, /);
});

Deno.test("polling that met only 503 names the service when the code has expired", async () => {
  await using sandbox = await openSandbox({ ...FAST, deviceCodeTtl: 2 });
  for (let times = 0; times < 5; times++) {
    sandbox.provider.failNext("token", { kind: "response", status: 503, body: "<html>busy</html>" });
  }
  const result = await sandbox.run(DEVICE_CODE);
  assertEquals([result.code, result.stdout], [5, ""], result.stderr);
  assertMatch(
    result.stderr,
    /no request for the token succeeded: localhost:\d+ is unavailable \(status 503\)/,
  );
});

Deno.test("an authority without a device code endpoint is named with the status", async () => {
  await using sandbox = await openSandbox(FAST);
  for (const body of ["{}", "<html>Not found</html>"]) {
    sandbox.provider.failNext("devicecode", { kind: "response", status: 404, body });
    const result = await sandbox.run(DEVICE_CODE);
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertMatch(result.stderr, /localhost:\d+ responded with status 404 to the device code request\nHint: /);
  }
});

Deno.test("polling continues after a broken connection and after a 503 response", async () => {
  await using sandbox = await openSandbox(FAST);
  const { provider } = sandbox;
  provider.failNext("token", { kind: "reset" });
  provider.failNext("token", { kind: "response", status: 503, body: "<html>busy</html>" });
  const program = sandbox.start(DEVICE_CODE);
  await enterDeviceCode(sandbox, program.stderrMatch);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertEquals(provider.requestsTo("token").length, 3);
});

Deno.test("a tenant that refuses device codes is reported without a code and without polling", async () => {
  await using sandbox = await openSandbox(FAST);
  const { provider } = sandbox;
  provider.failNext("devicecode", {
    kind: "entraError",
    error: "invalid_grant",
    aadsts: 53003,
    description: "Access has been blocked by \x1b[2JConditional Access policies.",
  });
  const result = await sandbox.run(DEVICE_CODE);
  assertEquals([result.code, result.stdout], [3, ""], result.stderr);
  assertMatch(
    result.stderr,
    /^error: A Conditional Access policy blocks this sign-in \(AADSTS53003, .*\)\nHint: /,
  );
  assertStringIncludes(result.stderr, "--flow interactive");
  for (const text of ["enter code", "undefined", "\x1b"]) {
    assert(!result.stderr.includes(text), result.stderr);
  }
  assertEquals([provider.requestsTo("token").length, sandbox.browser.count], [0, 0]);
});

Deno.test({
  name: "Ctrl-C ends the wait for the device code with exit code 130 at any poll interval",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox({ devicePollInterval: 60 });
    const program = sandbox.start(DEVICE_CODE);
    await program.stderrMatch(/Waiting for sign-in/);
    program.kill("SIGINT");
    const result = await program.ended;
    assertEquals([result.code, result.stdout], [130, ""], result.stderr);
    assertEquals(sandbox.provider.requestsTo("token").length, 0);
  },
});
