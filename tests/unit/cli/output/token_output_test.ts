import { assert, assertEquals, assertThrows } from "@std/assert";
import { parse } from "@std/yaml/parse";
import {
  formatToken,
  OUTPUT_FORMATS,
  parseOutputFormat,
  TOKEN_FILE,
} from "../../../../src/cli/output/token_output.ts";
import { localTime } from "../../../../src/cli/output/time.ts";
import { CliError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { MANAGED_IDENTITY } from "../../../../src/profiles/profile.ts";
import { NOW, NOW_MS, tokenResult } from "../../../support/fixtures/command_fixture.ts";

const CONTEXT = { profile: "work", tenant: "configured-tenant", clientId: "the-client", nowMs: NOW_MS };
const DOCUMENT = {
  access_token: "the-token",
  token_type: "Bearer",
  expires_in: 3600,
  expires_at: "2025-12-28T13:00:00Z",
  scope: "Mail.Read User.Read",
  tenant_id: "ada-tenant",
  client_id: "the-client",
  profile: "work",
  account: { username: "ada@contoso.example", object_id: "ada-object", tenant_id: "ada-tenant" },
  source: "interactive",
};

Deno.test("parseOutputFormat() accepts the formats and lists them in its error", () => {
  for (const form of OUTPUT_FORMATS) assertEquals(parseOutputFormat(form), form);
  for (const text of ["", "JSON", "xml", "toString"]) {
    const error = assertThrows(() => parseOutputFormat(text), CliError);
    assertEquals([error.code, error.message], [
      "usage",
      `Invalid output format ${
        JSON.stringify(text)
      }: expected text, token, json, yaml, env, header, bearer, az, exec-credential`,
    ]);
  }
});

Deno.test("formatToken() prints the token, an assignment or a header, with a final newline", async () => {
  const table = {
    text: "the-token\n",
    token: "the-token\n",
    env: "ACCESS_TOKEN=the-token\n",
    header: "Authorization: Bearer the-token\n",
    bearer: "Bearer the-token\n",
  } as const;
  for (const [form, expected] of Object.entries(table)) {
    assertEquals(await formatToken(tokenResult(), parseOutputFormat(form), CONTEXT), expected);
  }
});

Deno.test("formatToken() prints a JSON document with exactly the documented keys", async () => {
  const text = await formatToken(tokenResult(), "json", CONTEXT);
  assertEquals(JSON.parse(text), DOCUMENT);
  assertEquals(Object.keys(JSON.parse(text)), Object.keys(DOCUMENT));
  assertEquals(text.endsWith("}\n"), true);
});

Deno.test("formatToken() prints the same values as YAML", async () => {
  assertEquals(parse(await formatToken(tokenResult(), "yaml", CONTEXT)), DOCUMENT);
});

Deno.test("formatToken() escapes text in a document, whatever it contains", async () => {
  const result = tokenResult();
  const username = 'ada"\n- evil: {true}\u001b[2J';
  const account = { homeAccountId: "h", objectId: "o", tenantId: "t", username };
  const hostile = { ...result, token: { ...result.token, account } };
  for (const [form, read] of [["json", JSON.parse], ["yaml", parse]] as const) {
    const text = await formatToken(hostile, form, CONTEXT);
    assertEquals(text.includes("\u001b"), false, form);
    assertEquals((read(text) as typeof DOCUMENT).account.username, username, form);
  }
});

Deno.test("formatToken() prints no account for an application, and the configured tenant", async () => {
  const result = tokenResult();
  const text = await formatToken({ ...result, token: { ...result.token, account: null } }, "json", CONTEXT);
  assertEquals(JSON.parse(text).account, null);
  assertEquals(JSON.parse(text).tenant_id, "configured-tenant");
});

Deno.test("formatToken() never prints a negative lifetime", async () => {
  const result = tokenResult();
  const ended = { ...result, token: { ...result.token, expiresAt: NOW - 10 } };
  assertEquals(JSON.parse(await formatToken(ended, "json", CONTEXT)).expires_in, 0);
});

Deno.test("formatToken() prints the output of az account get-access-token", async () => {
  const text = await formatToken(tokenResult(), "az", CONTEXT);
  assertEquals(Object.entries(JSON.parse(text)), [
    ["accessToken", "the-token"],
    ["expiresOn", `${localTime(NOW + 3600)}.000000`],
    ["expires_on", NOW + 3600],
    ["subscription", null],
    ["tenant", "ada-tenant"],
    ["tokenType", "Bearer"],
  ]);
  const { token, ...result } = tokenResult();
  const ofMachine = { ...result, token: { ...token, account: null } };
  for (
    const [tenant, expected] of [["contoso.example", "contoso.example"], [MANAGED_IDENTITY, null]] as const
  ) {
    const printed = await formatToken(ofMachine, "az", { ...CONTEXT, tenant });
    assertEquals(JSON.parse(printed).tenant, expected);
  }
});

Deno.test("formatToken() prints an ExecCredential, in v1 unless another version is requested", async () => {
  const read = async (apiVersion?: string) =>
    JSON.parse(await formatToken(tokenResult(), "exec-credential", { ...CONTEXT, apiVersion }));
  assertEquals(await read(), {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { expirationTimestamp: "2025-12-28T13:00:00Z", token: "the-token" },
  });
  assertEquals((await read("client.authentication.k8s.io/v1beta1")).apiVersion.split("/")[1], "v1beta1");
});

Deno.test("TOKEN_FILE matches a file in each format, and no other file", async () => {
  const result = tokenResult();
  const token = { ...result.token, accessToken: new Secret("eyJ0.".padEnd(200, "x")) };
  for (const form of OUTPUT_FORMATS) {
    assert(TOKEN_FILE.test(await formatToken({ ...result, token }, form, CONTEXT)), form);
  }
  const others = [
    "a line\nof text",
    "short",
    `ACCESS_TOKEN=${"x".repeat(200)}\nOTHER=1\n`,
    '{"profiles": {"access_token": 1}}',
    "-----BEGIN PRIVATE KEY-----\nAAAA\n",
    `${"x".repeat(200)} ssh-key`,
  ];
  for (const text of others) assert(!TOKEN_FILE.test(text), text);
});
