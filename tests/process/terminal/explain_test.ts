import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../support/program/program.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

Deno.test("explain works without home, network and profile, and keeps stdout empty if it fails", async () => {
  const bare = { env: {}, denied: ["--deny-net"] };
  const known = await runProgram(["explain", "AADSTS7000218"], bare);
  assertEquals([known.code, known.stderr], [0, ""]);
  assertStringIncludes(known.stdout, "az ad app update --id CLIENT_ID --is-fallback-public-client true");
  const b2c = await runProgram(["explain", "AADB2C90118: The user has forgotten their password."], bare);
  assertEquals([b2c.code, b2c.stderr], [0, ""]);
  assertStringIncludes(b2c.stdout, "AADB2C90118: The user chose to reset the password");
  const url = "https://login.microsoftonline.com/error?code=50011";
  const several = await runProgram(["explain", "invalid_scope", url, '{"error":"login_required"}'], bare);
  assertEquals([several.code, several.stderr], [0, ""]);
  assertEquals(several.stdout.match(/^\w+(?=: )/gm), ["invalid_scope", "AADSTS50011", "login_required"]);
  const one = await runProgram(["explain", "AADSTS7000218", "99999"], bare);
  assertEquals([one.code, one.stdout], [0, known.stdout]);
  assertEquals(one.stderr, "warning: Unknown error code: AADSTS99999\n");
  const unknown = await runProgram(["explain", "99999"], bare);
  assertEquals([unknown.code, unknown.stdout], [2, ""]);
  assertStringIncludes(unknown.stderr, "Unknown error code: AADSTS99999\nHint: ");
});

Deno.test("explain prints commands with the application and tenant of the profile", async () => {
  await using sandbox = await openSandbox();
  const { stdout } = await sandbox.run(["explain", "7000218", "--output", "json"]);
  const [{ hint }] = JSON.parse(stdout);
  assertStringIncludes(hint, `az login --tenant ${sandbox.provider.tenantId} `);
  assertStringIncludes(hint, `az ad app update --id ${sandbox.provider.clientId} `);
});
