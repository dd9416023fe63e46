import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ADA } from "../../support/provider/directory.ts";
import { hasNoPseudoTerminal, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** Signs in to the profiles `default` and `other`, and adds `third` without a sign-in. */
async function signInTwice(sandbox: Sandbox): Promise<void> {
  for (const name of ["other", "third"]) await sandbox.run(createProfileArgs(name, sandbox.provider));
  await sandbox.signIn(["get-token"]);
  await sandbox.signIn(["get-token", "--profile", "other"]);
}

Deno.test("status shows every profile with its account and expiry, and where the key is", async () => {
  await using sandbox = await openSandbox();
  await signInTwice(sandbox);
  const { code, stdout, stderr } = await sandbox.run(["status"]);
  assertEquals([code, stderr], [0, ""]);
  const until =
    "expires \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d (?:UTC|[+-]\\d\\d:\\d\\d) \\(in (?:59 minutes|1 hour)\\)";
  assertMatch(
    stdout,
    new RegExp(
      `^Profile 'default': ${ADA.username}, ${until}\nProfile 'other': ${ADA.username}, ${until}\n` +
        "Profile 'third': not signed in\nEncryption key: ",
    ),
  );
  const document = JSON.parse((await sandbox.run(["status", "--output", "json"])).stdout);
  assertEquals(document.sign_ins.map(({ profile }: { profile: string }) => profile), ["default", "other"]);
  assertEquals(document.not_signed_in, ["third"]);
});

Deno.test("clear-cache --all needs --yes without a terminal and then deletes all tokens", async () => {
  await using sandbox = await openSandbox();
  await signInTwice(sandbox);
  const refused = await sandbox.run(["clear-cache", "--all"]);
  assertEquals([refused.code, refused.stdout], [9, ""]);
  assertStringIncludes(
    refused.stderr,
    "Hint: entra-auth-cli clear-cache --all --yes\n",
  );
  assertEquals((await sandbox.run(["get-token", "--no-interactive"])).code, 0);

  const cleared = await sandbox.run(["clear-cache", "--all", "--yes"]);
  assertEquals([cleared.code, cleared.stdout], [0, ""], cleared.stderr);
  assertEquals(cleared.stderr, "✓ Cached tokens of all profiles deleted\n");
  for (const profile of ["default", "other"]) {
    assertEquals((await sandbox.run(["get-token", "--no-interactive", "--profile", profile])).code, 9);
  }
  const profiles = JSON.parse((await sandbox.run(["status", "--output", "json"])).stdout).not_signed_in;
  assertEquals(profiles, ["default", "other", "third"], "the profiles remain");
});

Deno.test({
  name: "clear-cache --all prompts on a terminal, and Enter means no",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    for (const [answer, said, code] of [["", "Nothing was deleted", 0], ["y", "deleted", 6]] as const) {
      const terminal = await startOnTerminal(sandbox, "entra-auth-cli clear-cache --all");
      await terminal.stdoutMatch(/Delete the tokens of all profiles\?/);
      await terminal.type(`${answer}\r`);
      const result = await terminal.ended;
      assertEquals(result.code, 0, result.stdout);
      assertStringIncludes(result.stdout, said);
      assertEquals((await sandbox.run(["inspect"])).code, code);
    }
  },
});
