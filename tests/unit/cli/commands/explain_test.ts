import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml/parse";
import { runExplain } from "../../../../src/cli/commands/explain.ts";
import type { ExplainFlags } from "../../../../src/cli/options/command_options.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext, WORK } from "../../../support/fixtures/command_fixture.ts";
import { entraBody } from "../../../support/fixtures/entra_bodies.ts";

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

Deno.test("explain prints who can fix an error", async () => {
  assertMatch(
    await explain(["53003"]),
    /\n {2}Class: administrator \(an administrator of the tenant can fix it\)\n$/,
  );
  const [{ class: name }] = JSON.parse(await explain(["50033"], { output: "json" }));
  assertEquals(name, "retry");
});

Deno.test("explain finds the codes in what people paste", async () => {
  const codesIn = async (...pasted: string[]) =>
    JSON.parse(await explain(pasted, { output: "json" })).map(({ aadsts }: { aadsts: string }) => aadsts);
  const body = JSON.stringify(entraBody("invalid_grant", 50076, "Use the code 123456."), null, 2);
  const cases: [string[], string[]][] = [
    [["AADSTS 50011"], ["AADSTS50011"]],
    [["AADSTS", "50011"], ["AADSTS50011"]],
    [["AADSTS: 50011"], ["AADSTS50011"]],
    [["error code: 50011"], ["AADSTS50011"]],
    [["error", "code:", "50011"], ["AADSTS50011"]],
    [["Sign-in error code 50053\nFailure reason: locked"], ["AADSTS50053"]],
    [["https://login.microsoftonline.com/error?code=50011"], ["AADSTS50011"]],
    [["https://a.example/?u=https%3A%2F%2Flogin.example%2Ferror%3Fcode%3D50011"], ["AADSTS50011"]],
    [["http://localhost/?error=x&error_description=AADSTS65004%3a+User+declined&code=0.AX"], ["AADSTS65004"]],
    [[body], ["AADSTS50076"]],
    [['{"error":"x","error_codes":[50076, 50074]}'], ["AADSTS50076", "AADSTS50074"]],
    [['2026-11-28T12:34:56Z WARN status={"errorCode":50126,"correlation":"12345678"}'], ["AADSTS50126"]],
    [["AADSTS70002: Error. AADSTS50012: Wrong secret."], ["AADSTS70002", "AADSTS50012"]],
    [["50011, 53003"], ["AADSTS50011", "AADSTS53003"]],
    [["50011", "https://login.microsoftonline.com/error?code=53003"], ["AADSTS50011", "AADSTS53003"]],
    [["AADSTS50011:", "The", "redirect", "URI", "http://localhost:12345"], ["AADSTS50011"]],
  ];
  for (const [pasted, codes] of cases) assertEquals(await codesIn(...pasted), codes, pasted.join(" "));
  for (const typo of ["AADST53003", "AADSTD53003"]) {
    const error = await assertRejects(() => explain(["AADSTS50011", typo]), CliError);
    assertStringIncludes(error.message, `Invalid error code "${typo}"`);
  }
});

Deno.test("explain explains the codes of OAuth, OpenID Connect and suberrors that come without a number", async () => {
  const text = await explain(["invalid_scope"]);
  assert(text.startsWith("invalid_scope: A scope is not valid\n  A scope is mistyped"), text);
  const [only] = JSON.parse(await explain(["login_required"], { output: "json" }));
  assertEquals([only.aadsts, only.error, only.class], [null, "login_required", "sign_in"]);
  const codesIn = async (...pasted: string[]) =>
    JSON.parse(await explain(pasted, { output: "json" })).map((
      { aadsts, error }: { aadsts: string | null; error: string | null },
    ) => aadsts ?? error);
  const cases: [string[], string[]][] = [
    [["Interaction_Required"], ["interaction_required"]],
    [["temporarily_unavailable", "bad_token"], ["temporarily_unavailable", "bad_token"]],
    [["invalid_scope, login_required"], ["invalid_scope", "login_required"]],
    [["50011", "access_denied"], ["AADSTS50011", "access_denied"]],
    [['{"error":"invalid_grant","suberror":"bad_token","error_description":"x"}'], [
      "invalid_grant",
      "bad_token",
    ]],
    [['{"error":"invalid_grant","error_description":"AADSTS50173: x"}'], ["AADSTS50173"]],
    [["http://localhost/?error=access_denied&error_subcode=cancel&state=a_b"], ["access_denied"]],
    [["Nobody is signed in in the browser (login_required)"], ["login_required"]],
    [["error:", "invalid_client"], ["invalid_client"]],
    [[JSON.stringify(entraBody("invalid_client", 7999999, "A new error."))], ["invalid_client"]],
    [["Sign-in failed (invalid_client): AADSTS7999999: A new error."], ["invalid_client"]],
    [[JSON.stringify(entraBody("invalid_client", 50011, "See AADSTS7000218."))], [
      "AADSTS50011",
      "AADSTS7000218",
    ]],
  ];
  for (const [pasted, codes] of cases) assertEquals(await codesIn(...pasted), codes, pasted.join(" "));
  for (const other of ["unknown_code", "my_invalid_scope", "toString"]) {
    assertEquals((await assertRejects(() => explain([other]), CliError)).exitCode, 2, other);
  }
});

Deno.test("explain prints the cause of an error with a remedy", async () => {
  assertStringIncludes(
    await explain(["50011"]),
    "\n  Entra redirects only to addresses in the registration.",
  );
  const [rare] = JSON.parse(await explain(["75003"], { output: "json" }));
  assertEquals([rare.class, rare.cause], ["application", null]);
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
  assertEquals(Object.keys(json[0]), ["aadsts", "error", "class", "message", "cause", "hint"]);
  assertEquals(parse(await explain(["50011", "53003"], { output: "yaml" })), json);
  assertEquals(JSON.parse(await explain([], { output: "json" })).length > 340, true);
});

Deno.test("explain without a code lists the known ones, one per line", async () => {
  const lines = (await explain([])).trimEnd().split("\n");
  assert(lines.length > 340);
  for (const line of lines) assert(/^(AADSTS|AADB2C)\d+ +[A-Z]/.test(line), line);
  assert(lines.includes("AADSTS50057   The account is disabled"));
});

Deno.test("explain explains the known codes, and warns of the unknown ones beside them", async () => {
  const wanted = await explain(["50011"]);
  for (const codes of [["50011", "99999"], ["99999", "50011"], ["AADSTS50011: x AADSTS99999: y"]]) {
    const context = new MemoryContext();
    assertEquals(await explain(codes, {}, context), wanted);
    assertEquals(context.terminal.said, ["warning: Unknown error code: AADSTS99999"]);
  }
  assertEquals(JSON.parse(await explain(["50011", "99999"], { output: "json" })).length, 1);
});

Deno.test("explain refuses an unknown code with a hint, and prints nothing", async () => {
  const context = new MemoryContext();
  const unknown = await assertRejects(() => explain(["99998", "99999"], {}, context), CliError);
  assertEquals([unknown.exitCode, context.terminal.data], [2, ""]);
  assertEquals(unknown.message, "Unknown error codes: AADSTS99998, AADSTS99999");
  for (const part of ["correlation ID", "Sign-in logs", "entra-auth-cli explain"]) {
    assertStringIncludes(unknown.hint ?? "", part);
  }
  for (const body of [entraBody("a_new_code", 7999999, "A new error."), { error_codes: [7999999] }]) {
    const error = await assertRejects(() => explain([JSON.stringify(body)]), CliError);
    assertStringIncludes(error.message, "Unknown error code: AADSTS7999999");
  }
  for (const text of ["", "redirect", "12", "-5", "1e9", "5".repeat(20)]) {
    assertEquals((await assertRejects(() => explain([text]), CliError)).exitCode, 2, text);
  }
  const form = await assertRejects(() => explain(["50011"], { output: "xml" }), CliError);
  assertEquals(form.exitCode, 2);
});
