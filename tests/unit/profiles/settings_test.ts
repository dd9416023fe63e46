import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import { assertOneToken, resolveSettings, type SettingsFlags } from "../../../src/profiles/settings.ts";

const CLIENT = ["a", "b", "c"].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);

const PROFILE: Profile = {
  name: "work",
  tenantId: "profile.example",
  clientId: CLIENT[0] ?? "",
  flow: "interactive",
  scopes: ["Mail.Read"],
};

function resolve(flags: SettingsFlags, env: Record<string, string> = {}, profile: Profile | null = PROFILE) {
  return resolveSettings(flags, { get: (name) => env[name] }, profile, "work", ["default", "personal"]);
}

Deno.test("resolveSettings() takes everything from the profile by default", () => {
  assertEquals(resolve({}), {
    profile: "work",
    hasProfile: true,
    authority: "https://login.microsoftonline.com",
    tenant: "profile.example",
    clientId: CLIENT[0] ?? "",
    flow: "interactive",
    scopes: ["Mail.Read"],
    expect: { user: undefined, tenant: undefined },
    suggestedUser: undefined,
  });
});

Deno.test("resolveSettings() takes the expected account from the flags, otherwise from the profile", () => {
  const [tenant, other] = ["11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"];
  const profile = {
    ...PROFILE,
    expectUser: "ada@contoso.example",
    expectTenant: tenant,
    loginHint: "ada@contoso.example",
  };
  const settings = resolve({}, {}, profile);
  assertEquals([settings.expect, settings.suggestedUser], [
    { user: "ada@contoso.example", tenant },
    "ada@contoso.example",
  ]);
  assertEquals(resolve({ expectUser: "BOB@contoso.example", expectTenant: other }, {}, profile).expect, {
    user: "bob@contoso.example",
    tenant: other,
  });
  for (const flags of [{ expectUser: "bob" }, { expectTenant: "contoso.example" }]) {
    assertEquals(assertThrows(() => resolve(flags), CliError).code, "usage");
  }
});

Deno.test("resolveSettings() prefers a flag to the environment, and the environment to the profile", () => {
  const env = {
    AZURE_TENANT_ID: "env.example",
    AZURE_CLIENT_ID: CLIENT[1] ?? "",
    AZURE_AUTHORITY_HOST: "https://login.microsoftonline.us/",
  };
  const flags = { tenantId: "Flag.Example", clientId: CLIENT[2], authority: "https://flag.example" };
  const profile = { ...PROFILE, authority: "https://profile.example" };
  const pick = (settings: { tenant: string; clientId: string; authority: string }) => [
    settings.tenant,
    settings.clientId,
    settings.authority,
  ];
  assertEquals(pick(resolve({}, {}, profile)), ["profile.example", CLIENT[0], "https://profile.example"]);
  assertEquals(pick(resolve({}, env, profile)), [
    "env.example",
    CLIENT[1],
    "https://login.microsoftonline.us",
  ]);
  assertEquals(pick(resolve(flags, env, profile)), ["flag.example", CLIENT[2], "https://flag.example"]);
});

Deno.test("resolveSettings() needs no profile if flags or the environment are enough", () => {
  const { profile, hasProfile, tenant, scopes } = resolve(
    { tenantId: "common" },
    { AZURE_CLIENT_ID: CLIENT[1] ?? "" },
    null,
  );
  assertEquals([profile, hasProfile, tenant, scopes], ["work", false, "common", ["User.Read"]]);
});

Deno.test("resolveSettings() takes the tenant from the path of the authority in use", () => {
  assertEquals(resolve({ authority: "https://flag.example/path.example" }).tenant, "path.example");
  const profile = { ...PROFILE, tenantId: "path.example", authority: "https://profile.example/path.example" };
  assertEquals(resolve({}, {}, profile).tenant, "path.example");
  assertEquals(resolve({ tenantId: "flag.example" }, {}, profile).tenant, "flag.example");
  assertEquals(resolve({ authority: "https://flag.example" }, {}, profile).authority, "https://flag.example");
});

Deno.test("resolveSettings() replaces an alias of an authority in a flag and in the environment", () => {
  const aliases = [
    ["login.windows.net", "login.microsoftonline.com"],
    ["login.microsoft.com", "login.microsoftonline.com"],
    ["STS.windows.net", "login.microsoftonline.com"],
    ["login.usgovcloudapi.net", "login.microsoftonline.us"],
    ["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
  ];
  for (const [alias, host] of aliases) {
    assertEquals(resolve({ authority: `https://${alias}/common` }).authority, `https://${host}`);
    assertEquals(resolve({}, { AZURE_AUTHORITY_HOST: `https://${alias}/` }).authority, `https://${host}`);
  }
});

Deno.test("resolveSettings() rejects two tenants from one source", () => {
  const error = assertThrows(
    () => resolve({ tenantId: "one.example", authority: "https://flag.example/two.example" }),
    CliError,
    "Conflicting tenants",
  );
  assertEquals(error.code, "usage");
});

Deno.test("resolveSettings() requests the scopes of the flag, otherwise the profile's, otherwise User.Read", () => {
  assertEquals(resolve({ scopes: ["Files.Read Files.Read", "openid"] }).scopes, ["Files.Read", "openid"]);
  assertEquals(resolve({ scopes: [] }).scopes, ["Mail.Read"]);
  assertEquals(resolve({ scopes: [" "] }).scopes, ["Mail.Read"]);
  assertEquals(resolve({}, {}, { ...PROFILE, scopes: [] }).scopes, ["User.Read"]);
});

Deno.test("resolveSettings() explains how to create a missing profile, and lists the existing ones", () => {
  const error = assertThrows(() => resolve({ tenantId: "common" }, {}, null), CliError);
  assertEquals([error.code, error.message], ["no_profile", "Profile 'work' does not exist"]);
  assertStringIncludes(
    error.hint ?? "",
    "entra-auth-cli create-profile --name work --tenant-id common --client-id CLIENT_ID",
  );
  assertStringIncludes(error.hint ?? "", "default, personal");
});

Deno.test("resolveSettings() takes the name of a missing profile for a scope if it looks like one after --scope", () => {
  const hintFor = (name: string, scopes?: string[]) =>
    assertThrows(
      () => resolveSettings({ scopes }, { get: () => undefined }, null, name),
      CliError,
      `'${name}' does not exist`,
    ).hint;
  assertEquals(
    hintFor("Mail.Read", ["User.Read"]),
    'Several scopes go into one string, as in --scope "User.Read Mail.Read"',
  );
  for (const [name, scopes] of [["Mail.Read", undefined], ["work", ["User.Read"]]] as const) {
    assertStringIncludes(hintFor(name, scopes && [...scopes]) ?? "", `create-profile --name ${name} `);
  }
});

Deno.test("resolveSettings() names an invalid variable", () => {
  for (const name of ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_AUTHORITY_HOST"]) {
    const error = assertThrows(() => resolve({}, { [name]: "http://x" }), CliError);
    assertEquals(error.code, "usage");
    assertStringIncludes(error.message, name);
  }
});

Deno.test("resolveSettings() rejects an invalid flag even if it is not used", () => {
  assertThrows(() => resolve({ flow: "password" }), CliError, "Invalid flow");
  assertThrows(() => resolve({ authority: "http://flag.example" }), CliError, "Invalid authority");
});

Deno.test("resolveSettings() maps a cloud to its authority, and short scopes to its Graph", () => {
  const table: [string, string, string][] = [
    ["public", "https://login.microsoftonline.com", "Mail.Read"],
    ["usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us/Mail.Read"],
    ["AzureUSGovernment", "https://login.microsoftonline.us", "https://graph.microsoft.us/Mail.Read"],
    [
      "China",
      "https://login.partner.microsoftonline.cn",
      "https://microsoftgraph.chinacloudapi.cn/Mail.Read",
    ],
  ];
  const profile = { ...PROFILE, authority: "https://profile.example" };
  for (const [cloud, authority, scope] of table) {
    const settings = resolve({ cloud }, { AZURE_AUTHORITY_HOST: "https://env.example" }, profile);
    assertEquals([settings.authority, settings.scopes], [authority, [scope]], cloud);
  }
  const kept = resolve({ scopes: [] }, {}, {
    ...PROFILE,
    scopes: [],
    authority: "https://login.microsoftonline.us",
  });
  assertEquals(kept.scopes, ["https://graph.microsoft.us/User.Read"]);
});

Deno.test("resolveSettings() rejects a cloud with an authority, and an unknown cloud", () => {
  const both = assertThrows(
    () => resolve({ cloud: "usgov", authority: "https://login.microsoftonline.us" }),
    CliError,
    "--cloud and --authority cannot be used together",
  );
  assertEquals(both.exitCode, 2);
  const unknown = assertThrows(() => resolve({ cloud: "mars" }), CliError, "Invalid cloud");
  assertStringIncludes(unknown.message, "public, usgov, china");
});

Deno.test("resolveSettings() appends the B2C policy to the tenant in use", () => {
  const authority = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin";
  const profile = { ...PROFILE, tenantId: "contoso.onmicrosoft.com", authority, scopes: [] };
  const kept = resolve({}, {}, profile);
  assertEquals(kept.authority, "https://contoso.b2clogin.com");
  assertEquals(kept.tenant, "contoso.onmicrosoft.com/b2c_1_signin");
  assertEquals(kept.scopes, [PROFILE.clientId], "B2C has no Graph: a token for the application itself");
  assertEquals(resolve({ tenantId: "other.example" }, {}, profile).tenant, "other.example/b2c_1_signin");
  assertEquals(resolve({ authority }, {}, PROFILE).tenant, "contoso.onmicrosoft.com/b2c_1_signin");
});

Deno.test("resolveSettings() takes the path of AD FS for its tenant, and openid for the scope", () => {
  const authority = "https://fs.contoso.example/ADFS/";
  const { authority: base, tenant, scopes } = resolve({ authority, scopes: [] }, {}, {
    ...PROFILE,
    scopes: [],
  });
  assertEquals([base, tenant, scopes], ["https://fs.contoso.example", "adfs", ["openid"]]);
  const profile = { ...PROFILE, authority: base, tenantId: "adfs", scopes: [] };
  assertEquals(resolve({}, {}, profile).scopes, ["openid"]);
});

Deno.test("resolveSettings() takes the tenant of External ID from its host by default", () => {
  const env = { AZURE_CLIENT_ID: CLIENT[1] ?? "" };
  const authority = "https://contoso.ciamlogin.com";
  assertEquals(resolve({ authority }, env, null).tenant, "contoso.onmicrosoft.com");
  assertEquals(resolve({ authority, tenantId: "other.example" }, env, null).tenant, "other.example");
  assertEquals(resolve({ authority }, {}, PROFILE).tenant, PROFILE.tenantId);
});

Deno.test("resolveSettings() rejects scopes of two resources, also from the profile, and prints one command each", () => {
  const scopes = ["User.Read", "api://app/Read"];
  for (const work of [() => resolve({ scopes }), () => resolve({}, {}, { ...PROFILE, scopes })]) {
    const error = assertThrows(work, CliError);
    assertEquals(error.code, "usage");
    assertStringIncludes(error.hint ?? "", "get-token --profile work --scope api://app/Read");
  }
});

const PUBLIC = "https://login.microsoftonline.com";

function refusal(...scopes: string[]): [string, string] {
  const error = assertThrows(() => assertOneToken(scopes, PUBLIC, "my app"), CliError);
  assertEquals(error.code, "usage");
  return [error.message, error.hint ?? ""];
}

Deno.test("assertOneToken() accepts scopes of one resource in any spelling, with OpenID scopes", () => {
  assertOneToken(
    ["User.Read", "https://graph.microsoft.com/Mail.Read", "openid", "offline_access"],
    PUBLIC,
    "x",
  );
  assertOneToken(["https://graph.microsoft.com/.default", "openid"], PUBLIC, "x");
  assertOneToken(["openid"], PUBLIC, "x");
  assertOneToken([], PUBLIC, "x");
});

Deno.test("assertOneToken() rejects two resources, and prints a command for each", () => {
  assertEquals(refusal("User.Read", "api://app/Read", "openid", "Mail.Read"), [
    "One token cannot be for 2 resources: https://graph.microsoft.com, api://app",
    'entra-auth-cli get-token --profile "my app" --scope "User.Read Mail.Read"\n' +
    'entra-auth-cli get-token --profile "my app" --scope api://app/Read\n' +
    "Get a token for each.",
  ]);
});

Deno.test("assertOneToken() treats a resource without a permission as one of its own", () => {
  const [management, id] = ["https://management.azure.com", "2ff814a6-3304-4ab8-85cb-cd0e618f377d"];
  const table: [scopes: string[], resources: string][] = [
    [[management, "https://vault.azure.net"], `${management}, https://vault.azure.net`],
    [[management, "api://app"], `${management}, api://app`],
    [["api://app", "api://other"], "api://app, api://other"],
    [[id, "User.Read"], `${id}, https://graph.microsoft.com`],
    [
      ["User.Read", id, "797f4846-ba00-4fd7-ba43-dac1f8f63013"],
      `https://graph.microsoft.com, ${id}, ${management}`,
    ],
  ];
  for (const [scopes, resources] of table) {
    const count = resources.split(", ").length;
    assertEquals(refusal(...scopes)[0], `One token cannot be for ${count} resources: ${resources}`);
  }
  assertOneToken([management, "797f4846-ba00-4fd7-ba43-dac1f8f63013", "openid"], PUBLIC, "x");
  assertOneToken([`${id}/Read`, id], PUBLIC, "x");
});

Deno.test("assertOneToken() rejects a slash without a resource before it", () => {
  for (
    const scopes of [["/.default"], ["openid", "/User.Read"], ["https:///.default"], [
      "User.Read",
      "/.default",
    ]]
  ) {
    const [message, hint] = refusal(...scopes);
    assertEquals(message, `Invalid scope "${scopes.at(-1)}": expected a resource before the slash`);
    assertEquals(hint, "Name the resource, as in --scope https://management.azure.com/.default.");
  }
});

Deno.test("assertOneToken() rejects .default with another scope of its resource, and prints a command for each", () => {
  assertEquals(refusal("https://graph.microsoft.com/.default", "User.Read"), [
    "https://graph.microsoft.com/.default cannot be combined with User.Read",
    'entra-auth-cli get-token --profile "my app" --scope User.Read\n' +
    'entra-auth-cli get-token --profile "my app" --scope https://graph.microsoft.com/.default\n' +
    "Choose one of the two.",
  ]);
});
