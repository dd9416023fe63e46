/** Sign-ins at AD FS, which has no tenants, no object IDs and errors of its own form. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../../support/program/sandbox.ts";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { AD_FS, ADA } from "../../support/provider/directory.ts";

Deno.test("AD FS signs in, is cached, refreshed and inspected, and its errors keep their words", async () => {
  await using sandbox = await openSandbox({ authorities: [AD_FS] });
  const { provider } = sandbox;
  const authority = `https://${AD_FS.host}/adfs`;
  const create = [
    "create-profile",
    "--name",
    "fs",
    "--authority",
    authority,
    "--client-id",
    provider.clientId,
  ];
  assertEquals((await sandbox.run(create)).code, 0);
  const run = async (command: string, ...args: readonly string[]) =>
    await sandbox.run([command, "--profile", "fs", ...args]);

  const signedIn = await sandbox.signIn(["get-token", "--profile", "fs", "--output", "json"]);
  assertEquals(signedIn.code, 0, signedIn.stderr);
  const { access_token: token, account, scope } = JSON.parse(signedIn.stdout);
  assertEquals(account, { username: ADA.username, object_id: ADA.subject, tenant_id: "adfs" });
  assertEquals(scope, "openid");
  assertEquals((await run("get-token")).stdout.trim(), token);

  const refreshed = await run("refresh");
  assertEquals(refreshed.code, 0, refreshed.stderr);
  // AD FS gives tokens no ID: two of one second are the same.
  const grants = provider.requestsTo("token").map(({ form }) => form.grant_type);
  assertEquals(grants, ["authorization_code", "refresh_token"]);
  const inspected = await run("inspect", "--verify");
  assertEquals(inspected.code, 0, inspected.stderr);
  assertStringIncludes(inspected.stdout, ADA.username);
  assertMatch((await sandbox.run(["status"])).stdout, /Profile 'fs': ada@contoso\.example, expires/);
  assertMatch((await run("doctor")).stdout, /authority +fs\.contoso\.example .*responds$/m);

  const paths = new Set(provider.requests.map(({ path }) => path.split("/").slice(0, 3).join("/")));
  assertEquals([...paths].filter((path) => !path.startsWith("/adfs/")), []);

  const program = sandbox.start(["get-token", "--profile", "fs", "--force", "--flow", "device-code"]);
  await enterDeviceCode(sandbox, program.stderrMatch);
  const onDevice = await program.ended;
  assertEquals(onDevice.code, 0, onDevice.stderr);

  provider.failNext("token", {
    kind: "entraError",
    error: "invalid_grant",
    aadsts: 50173,
    description: "The token is not valid any more.",
  });
  const dead = await run("refresh");
  assertEquals([dead.code, dead.stdout], [3, ""], dead.stderr);
  assertStringIncludes(dead.stderr, "MSIS9615: The token is not valid any more.");
  const again = ["get-token", "--profile", "fs", "--force", "--prompt", "login"];
  const declined = await sandbox.signIn(again, { ...ADA, cancelSignIn: true });
  assertEquals([declined.code, declined.stdout], [3, ""], declined.stderr);
  assertMatch(declined.stderr, /^(?:error: )?The sign-in was cancelled or declined in the browser/m);
  assertEquals(/Entra admin center/.test(dead.stderr + declined.stderr), false);
});
