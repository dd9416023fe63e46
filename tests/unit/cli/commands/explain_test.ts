import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml/parse";
import { runExplain } from "../../../../src/cli/commands/explain.ts";
import type { ExplainFlags } from "../../../../src/cli/options/command_options.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext, WORK } from "../../../support/fixtures/command_fixture.ts";

async function explain(
  named: string[],
  flags: ExplainFlags = {},
  context = new MemoryContext(),
): Promise<string> {
  await runExplain(named, flags, context);
  return context.terminal.data;
}

Deno.test("explain prints the meaning of a code and a fix, with placeholders without a profile", async () => {
  const text = await explain(["AADSTS50011"]);
  assert(
    text.startsWith("AADSTS50011: The application does not have http://localhost as a redirect URI\n  "),
  );
  assertStringIncludes(text, "\n  az ad app update --id CLIENT_ID --public-client-redirect-uris");
  assertStringIncludes(text, "az login --tenant TENANT ");
  assert(!text.includes("https://"), "no link");
});

Deno.test("explain accepts a code in every spelling and in a pasted message, and prints each once", async () => {
  const wanted = await explain(["AADSTS50011"]);
  const pasted = "Sign-in failed: AADSTS50011: The redirect URI 'http://localhost:1'... Trace ID: 1234567";
  for (const spelling of ["50011", "aadsts50011", "AADSTS50011:", pasted]) {
    assertEquals(await explain([spelling]), wanted, spelling);
  }
  assertEquals(await explain(["50011", "AADSTS50011"]), wanted);
  const two = await explain(["50011", "53003"]);
  assertEquals(two, `${wanted}\n${await explain(["53003"])}`);
});

Deno.test("explain prints the IDs of a named profile, or of the default one", async () => {
  const named = await explain(["50011"], { profile: "work" });
  assertStringIncludes(named, `--id ${WORK.clientId} `);
  assertStringIncludes(named, `--tenant ${WORK.tenantId} `);
  const byVariable = new MemoryContext();
  byVariable.variables.ENTRA_AUTH_CLI_PROFILE = "work";
  assertEquals(await explain(["50011"], {}, byVariable), named);
  const again = await explain(["50173"], { profile: "work" });
  assertStringIncludes(again, "entra-auth-cli get-token --profile work --force");
});

Deno.test("explain works without readable profiles, unless one is named", async () => {
  const broken = () => {
    const context = new MemoryContext();
    context.profiles.lookUp = () => Promise.reject(new CliError("invalid_profile", "broken"));
    return context;
  };
  assertStringIncludes(await explain(["50011"], {}, broken()), "CLIENT_ID");
  await assertRejects(() => explain(["50011"], { profile: "work" }, broken()), CliError, "broken");
  const missing = await assertRejects(() => explain(["50011"], { profile: "nope" }), CliError);
  assertEquals(missing.code, "no_profile");
});

Deno.test("explain prints the same in JSON and in YAML", async () => {
  const json = JSON.parse(await explain(["50011", "53003"], { output: "json" }));
  assertEquals(json.map(({ aadsts }: { aadsts: string }) => aadsts), ["AADSTS50011", "AADSTS53003"]);
  assertEquals(Object.keys(json[0]), ["aadsts", "message", "hint"]);
  assertEquals(parse(await explain(["50011", "53003"], { output: "yaml" })), json);
  assertEquals(JSON.parse(await explain([], { output: "json" })).length > 80, true);
});

Deno.test("explain without a code lists the known ones, one per line", async () => {
  const lines = (await explain([])).trimEnd().split("\n");
  assert(lines.length > 80);
  for (const line of lines) assert(/^(AADSTS|AADB2C)\d+ +[A-Z]/.test(line), line);
  assert(lines.includes("AADSTS50057   The account is disabled"));
});

Deno.test("explain refuses an unknown code with a hint, and prints nothing", async () => {
  const context = new MemoryContext();
  const unknown = await assertRejects(() => explain(["50011", "99999"], {}, context), CliError);
  assertEquals([unknown.exitCode, context.terminal.data], [2, ""]);
  for (const part of ["correlation ID", "Sign-in logs", "entra-auth-cli explain"]) {
    assertStringIncludes(unknown.hint ?? "", part);
  }
  for (const text of ["", "redirect", "12", "-5", "1e9", "5".repeat(20)]) {
    assertEquals((await assertRejects(() => explain([text]), CliError)).exitCode, 2, text);
  }
  const form = await assertRejects(() => explain(["50011"], { output: "xml" }), CliError);
  assertEquals(form.exitCode, 2);
});
