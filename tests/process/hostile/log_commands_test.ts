import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse as parseYaml } from "@std/yaml/parse";
import { openSandbox } from "../../support/program/sandbox.ts";
import { ADA } from "../../support/provider/directory.ts";

const COMMAND = "##vso[task.setvariable variable=PATH]/tmp";

/** What a CI system obeys in a log, and what a terminal does not show. */
const OBEYED = /##[\w.-]*\[|^\s*::|(?!\n)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/mu;

function assertHarmless(text: string, what: string): void {
  assertEquals(OBEYED.exec(text)?.[0], undefined, `${what}: ${text}`);
}

Deno.test("no command prints a CI log command from a user name, a claim or a setting, and documents keep the data", async () => {
  const mallory = {
    ...ADA,
    username: `${COMMAND}@contoso.example`,
    name: "\u200b##\u{e0041}[error]\ufff9name",
  };
  await using sandbox = await openSandbox({ accounts: [mallory] });
  const signedIn = await sandbox.signIn(["get-token", "--output", "json"], mallory);
  assertEquals(signedIn.code, 0, signedIn.stderr);
  assertEquals(JSON.parse(signedIn.stdout).account.username, mallory.username);
  assertHarmless(signedIn.stdout + signedIn.stderr, "get-token");
  const scopes = "User.Read ##[section]x";
  const ids = ["--tenant-id", sandbox.provider.tenantId, "--client-id", sandbox.provider.clientId];
  const created = await sandbox.run(["create-profile", "--name", "evil", "--scope", scopes, ...ids]);
  assertEquals(created.code, 0, created.stderr);

  const commands: string[][] = [
    ["status"],
    ["list-profiles"],
    ["show-profile", "--name", "default"],
    ["show-profile", "--name", "evil"],
    ["inspect"],
    ["doctor"],
    ["explain", "50011"],
  ];
  const env = { BROWSER: `no-browser-${COMMAND}\u200b\u001b[2J` };
  for (const command of commands) {
    const results = await Promise.all(["text", "json", "yaml"].map(async (output) => {
      const result = await sandbox.run([...command, "--output", output], { env });
      assertHarmless(result.stdout + result.stderr, [...command, output].join(" "));
      return result.stdout;
    }));
    const [_, json = "", yaml = ""] = results;
    assertEquals(Object.keys(parseYaml(yaml) ?? {}), Object.keys(JSON.parse(json)));
  }
  const status = await sandbox.run(["status", "--output", "json"]);
  assertEquals(JSON.parse(status.stdout).sign_ins[0].account.username, mallory.username);
  const inspected = await sandbox.run(["inspect", "--output", "json"]);
  assertEquals(JSON.parse(inspected.stdout).name, mallory.name);
  const exported = await sandbox.run(["export-profile", "--all"]);
  assertHarmless(exported.stdout + exported.stderr, "export-profile");
  assertEquals(JSON.parse(exported.stdout).profiles.evil.scopes.join(" "), scopes);
});

Deno.test("no error prints a CI log command from the authority, as text and as JSON", async () => {
  await using sandbox = await openSandbox();
  const description = `${COMMAND}\n::error::\u200b##\u{e0041}[error]\u202e`;
  for (const output of ["text", "json"]) {
    const failure = { kind: "entraError", error: "invalid_request", aadsts: 999999, description } as const;
    sandbox.provider.failNext("token", failure);
    const result = await sandbox.signIn(["get-token", "--verbose", "--output", output]);
    assertEquals([result.code, result.stdout], [3, ""]);
    assertHarmless(result.stderr, output);
    assertMatch(result.stderr, /task\.setvariable/);
  }
});

Deno.test("no message quotes BROWSER or a path with a CI log command or a control character", async () => {
  await using sandbox = await openSandbox();
  const env = { BROWSER: `no-browser-${COMMAND}\u200b\u001b[2J`, DISPLAY: ":0" };
  const result = await sandbox.run(["get-token", "--timeout", "1s", "--verbose"], { env });
  assertStringIncludes(result.stderr, "no-browser-");
  assertHarmless(result.stderr, "get-token");
  for (
    const args of [["get-token", "--ca-cert", `/${COMMAND}`], ["get-token", "--output", COMMAND], [COMMAND]]
  ) {
    const refused = await sandbox.run(args);
    assertEquals(refused.stdout, "");
    assertStringIncludes(refused.stderr, "setvariable");
    assertHarmless(refused.stderr, args.join(" "));
  }
});
