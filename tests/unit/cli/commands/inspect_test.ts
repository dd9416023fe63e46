import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { parse as parseYaml } from "@std/yaml/parse";
import { reportToken, runInspect } from "../../../../src/cli/commands/inspect.ts";
import type { InspectFlags } from "../../../../src/cli/options/command_options.ts";
import type { DocumentFormat } from "../../../../src/cli/output/document_format.ts";
import { describeTime } from "../../../../src/cli/output/time.ts";
import { CliError } from "../../../../src/errors.ts";
import type { InspectedToken } from "../../../../src/flows/tokens/inspect_token.ts";
import { MemoryContext, NOW } from "../../../support/fixtures/command_fixture.ts";

const HOSTILE = "\u001b[2J\u009b2J\u202e\nForged: line";

function inspected(
  changes: Partial<InspectedToken> = {},
  claims: Record<string, unknown> = {},
): InspectedToken {
  return {
    session: {
      identity: null,
      profile: "work",
      authority: "https://login.example",
      tenant: "t",
      clientId: "c",
      account: {
        homeAccountId: "h",
        username: `ada@contoso.example${HOSTILE}`,
        objectId: "o",
        tenantId: "t",
      },
    },
    scopes: ["User.Read", "Mail.Read"],
    content: {
      header: { alg: "RS256", kid: "the-key", typ: "JWT" },
      claims: { aud: "https://graph.microsoft.com", exp: NOW + 3600, ...claims },
    },
    notBefore: NOW - 300,
    expiresAt: NOW + 3600,
    state: "valid",
    signature: null,
    ...changes,
  };
}

/** Reports on a token, as `inspect` does once it has it. */
async function report(token: InspectedToken, form: DocumentFormat = "text"): Promise<string> {
  const context = new MemoryContext();
  await reportToken(token, "work", form, context);
  return context.terminal.data;
}

async function text(changes: Partial<InspectedToken> = {}, claims: Record<string, unknown> = {}) {
  return await report(inspected(changes, claims));
}

async function failure(token: InspectedToken) {
  const context = new MemoryContext();
  const error = await assertRejects(() => reportToken(token, "work", "text", context), CliError);
  return { error, shown: context.terminal.data };
}

/** Runs `inspect`, with a session of the profile `work` in the cache. */
async function run(flags: InspectFlags = {}, typed?: string, context = new MemoryContext()) {
  context.signIn();
  context.input = jwt("stdin");
  context.files["token.txt"] = jwt("file");
  await runInspect({ profile: "work", output: "json", ...flags }, typed, context);
  return { context, document: JSON.parse(context.terminal.data) };
}

function jwt(audience: string): string {
  const parts = [{ alg: "RS256" }, { aud: audience, exp: NOW + 60 }, "signature"];
  return parts.map((part) => encodeBase64Url(JSON.stringify(part))).join(".");
}

Deno.test("inspect prints the user, scopes and validity of a token in words", async () => {
  const shown = await text({}, {
    name: "Ada Lovelace",
    oid: "ada-object",
    tid: "ada-tenant",
    azp: "app-id",
    app_displayname: "Payroll",
    azpacr: "2",
    amr: ["pwd", "mfa"],
    auth_time: NOW - 7200,
    iat: NOW - 90,
    roles: ["Reader", "Writer"],
    ver: "2.0",
    wids: ["a", "b"],
    note: "of the tenant",
  });
  assertEquals(
    shown,
    `State:        valid
Profile:      work
Account:      ada@contoso.example [2J 2J Forged: line (Ada Lovelace)
              object ID ada-object
Tenant:       ada-tenant
Application:  app-id (Payroll), with a certificate
Audience:     https://graph.microsoft.com (Microsoft Graph)
Scopes:       User.Read
              Mail.Read
Roles:        Reader
              Writer
Signed in:    ${describeTime(NOW - 7200, NOW)}
              by pwd, mfa
Issued:       ${describeTime(NOW - 90, NOW)}
Not before:   ${describeTime(NOW - 300, NOW)}
Expires:      ${describeTime(NOW + 3600, NOW)}
Form:         JWT of version 2.0, signed with RS256, key the-key
Other claims: wids: ["a","b"]
              note: of the tenant
`,
  );
});

Deno.test("inspect prints what is known of an opaque token and of an application's token", async () => {
  assertMatch(await text({ content: null }), /^Audience: +\(the token is opaque\)\n[^]*^Form: +opaque$/m);
  const { session } = inspected();
  if (session === null) throw new Error("no session");
  assertMatch(await text({ session: { ...session, account: null } }), /^Account: +\(application\)$/m);
  assertMatch(
    await text({ session: null }, { idtyp: "app", oid: "sp" }),
    /^Account: +\(application\)\n +object ID sp$/m,
  );
});

Deno.test("inspect prints no control character from any claim", async () => {
  const names = ["name", "oid", "tid", "azp", "app_displayname", "aud", "iss", "ver", "custom", "upn"];
  const claims = {
    ...Object.fromEntries(names.map((name) => [name, HOSTILE])),
    [HOSTILE]: HOSTILE,
    roles: [HOSTILE],
  };
  const shown = await text({
    session: null,
    scopes: [HOSTILE],
    content: { header: { alg: HOSTILE, kid: HOSTILE }, claims },
    signature: { kind: "valid" },
  });
  assertEquals(/[^\n\x20-\x7e]|^Forged/m.test(shown), false, shown);
  const json = await report(inspected({}, claims), "json");
  assertMatch(json, /^[\n\x20-\x7e]*$/);
  assertEquals(JSON.parse(json).aud, HOSTILE);
});

Deno.test("inspect accepts claims of any type", async () => {
  for (const odd of [null, 5, true, [], {}, [{}], 1e300, -1e300, "x"]) {
    const names = [
      "name",
      "aud",
      "iat",
      "auth_time",
      "amr",
      "scp",
      "roles",
      "tid",
      "azp",
      "azpacr",
      "exp",
      "ver",
    ];
    const shown = await text({}, Object.fromEntries(names.map((name) => [name, odd])));
    assertEquals(/NaN|undefined|^(?!State)[^]/.test(shown), false, shown);
  }
});

Deno.test("inspect --output json prints the claims unchanged, and what else is known beside them", async () => {
  const claims = { profile: "of the token", inspection: "of the token" };
  assertEquals(JSON.parse(await report(inspected({}, claims), "json")), {
    aud: "https://graph.microsoft.com",
    exp: NOW + 3600,
    profile: "of the token",
    inspection: {
      valid: true,
      state: "valid",
      expires_at: "2025-12-28T13:00:00Z",
      expires_in: 3600,
      not_before: "2025-12-28T11:55:00Z",
      header: { alg: "RS256", kid: "the-key", typ: "JWT" },
      signature: null,
      scopes: ["User.Read", "Mail.Read"],
      profile: "work",
      client_id: "c",
      authority: "https://login.example/t",
      account: { username: `ada@contoso.example${HOSTILE}`, object_id: "o", tenant_id: "t" },
    },
  });
  const yaml = await report(inspected(), "yaml");
  assertEquals((parseYaml(yaml) as { inspection: { profile: string } }).inspection.profile, "work");
});

Deno.test("inspect --output json prints the expiry of an opaque token too, and null for unknown values", async () => {
  const opaque = JSON.parse(await report(inspected({ content: null }), "json"));
  assertEquals([opaque.exp, opaque.inspection.header], [NOW + 3600, null]);
  const atHand = JSON.parse(await report(inspected({ session: null }), "json"));
  const { profile, client_id, authority, account } = atHand.inspection;
  assertEquals([profile, client_id, authority, account], [null, null, null, null]);
});

Deno.test("inspect reads the cache, an argument, standard input or a file", async () => {
  assertEquals((await run()).document.inspection.profile, "work");
  assertEquals((await run({ scope: ["mail.read"] })).document.inspection.scopes, ["Mail.Read"]);
  assertEquals((await run({}, jwt("argument"))).document.aud, "argument");
  assertEquals((await run({}, "-")).document.aud, "stdin");
  assertEquals((await run({ file: "-" })).document.aud, "stdin");
  assertEquals((await run({ file: "token.txt" })).document.aud, "file");
  const wrong: [InspectFlags, string | undefined][] = [
    [{ file: "token.txt" }, "-"],
    [{ scope: ["a"] }, "x"],
    [{ output: "xml" }, undefined],
  ];
  for (const [flags, typed] of wrong) {
    assertEquals((await assertRejects(() => run(flags, typed), CliError)).code, "usage");
  }
});

Deno.test("inspect verifies the signature only if requested, with the authority that is named", async () => {
  const verification = async (flags: InspectFlags, variables: Record<string, string> = {}) => {
    const context = new MemoryContext();
    Object.assign(context.variables, variables);
    return (await run(flags, jwt("argument"), context)).context.verified[0];
  };
  const other = "https://login.microsoftonline.us";
  assertEquals(await verification({ authority: other }), undefined);
  const byDefault = { authority: "https://login.microsoftonline.com", caCertFile: undefined };
  assertEquals(await verification({ verify: true }), byDefault);
  assertEquals(await verification({ verify: true, profile: "none" }), byDefault);
  assertEquals(await verification({ verify: true, authority: other, caCert: "ca.pem" }), {
    authority: other,
    caCertFile: "ca.pem",
  });
  assertEquals((await verification({ verify: true, cloud: "usgov" }))?.authority, other);
  const variables = { AZURE_AUTHORITY_HOST: other, ENTRA_AUTH_CLI_CA_CERT: "env.pem" };
  assertEquals(await verification({ verify: true }, variables), { authority: other, caCertFile: "env.pem" });
});

Deno.test("inspect reports the signature, and fails unless a key of the tenant made it", async () => {
  assertMatch(await text({ signature: { kind: "valid" } }), /^Signature: +valid/m);
  for (
    const [kind, words] of [["wrong", "has an invalid signature"], [
      "unverifiable",
      "cannot be verified",
    ]] as const
  ) {
    const signature = { kind, reason: "The reason" };
    const { error, shown } = await failure(inspected({ signature, state: "expired" }));
    assertEquals([error.code, error.exitCode], ["unverified", 6]);
    assertStringIncludes(error.message, words);
    assertMatch(shown, /^Signature: .*The reason$/m);
  }
});

Deno.test("inspect fails without a token, and after showing a token that is not valid now", async () => {
  const none = async (flags: InspectFlags) => {
    const context = new MemoryContext();
    const error = await assertRejects(
      () => runInspect({ profile: "work", ...flags }, undefined, context),
      CliError,
    );
    assertEquals([error.code, context.terminal.data], ["no_token", ""]);
    return error.hint;
  };
  assertEquals((await none({ profile: "my app" }))?.split("\n"), [
    "entra-auth-cli list-profiles",
    "Profile 'my app' does not exist.",
  ]);
  assertEquals(
    await none({ scope: ["a b"] }),
    'Sign in: entra-auth-cli get-token --profile work --scope "a b"',
  );

  const expired = await failure(inspected({ state: "expired", expiresAt: NOW - 120 }));
  assertEquals(expired.error.message, "The token of profile 'work' has expired");
  assertEquals(expired.error.hint, "Get a new one: entra-auth-cli refresh --profile work");
  assertMatch(expired.shown, /^State: +expired$/m);
  assertMatch(expired.shown, /^Expires: .*\(2 minutes ago\)$/m);

  const early = await failure(inspected({ session: null, state: "not-yet-valid", notBefore: NOW + 60 }));
  assertEquals([early.error.code, early.error.message], ["no_token", "The token is not valid yet"]);
  assertMatch(early.shown, /^State: +not yet valid: it becomes valid in 1 minute$/m);

  const endless = await failure(inspected({ session: null, state: "expired", expiresAt: null }));
  assertEquals(endless.error.message, "The token has no expiry time");
});

Deno.test("inspect tells a word from a token, and names the command for a profile", async () => {
  const hintFor = async (typed: string) => {
    const context = new MemoryContext();
    const error = await assertRejects(() => runInspect({}, typed, context), CliError);
    assertEquals([error.code, error.message], [
      "usage",
      "Invalid token: expected a JWT, or - to read it from stdin",
    ]);
    assert(!error.hint?.includes("eyJ"), error.hint);
    return error.hint?.split("\n");
  };
  assertEquals(await hintFor("work"), [
    "entra-auth-cli inspect --profile work",
    "This inspects the cached token of the profile that you named.",
  ]);
  assertEquals(await hintFor("eyJhbGciOiJub25lIn0.e30"), [
    "entra-auth-cli inspect --profile NAME",
    "This inspects the cached token of a profile.",
  ]);
});

Deno.test("inspect says that ENTRA_AUTH_CLI_PROFILE named a profile that does not exist, unless a flag did", async () => {
  const hintFor = async (flags: InspectFlags) => {
    const context = new MemoryContext();
    context.variables.ENTRA_AUTH_CLI_PROFILE = "nowhere";
    return (await assertRejects(() => runInspect(flags, undefined, context), CliError)).hint?.split("\n").at(
      -1,
    );
  };
  assertEquals(await hintFor({}), "Profile 'nowhere' does not exist. ENTRA_AUTH_CLI_PROFILE names it.");
  assertEquals(await hintFor({ profile: "home" }), "Profile 'home' does not exist.");
});
