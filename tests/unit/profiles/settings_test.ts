import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import { resolveSettings, type SettingsFlags } from "../../../src/profiles/settings.ts";

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

Deno.test("resolveSettings() takes everything from the profile when nothing else is said", () => {
  assertEquals(resolve({}), {
    profile: "work",
    hasProfile: true,
    authority: "https://login.microsoftonline.com",
    tenant: "profile.example",
    clientId: CLIENT[0] ?? "",
    flow: "interactive",
    scopes: ["Mail.Read"],
    expect: {},
  });
});

Deno.test("resolveSettings() takes the expected account from the flags, else from the profile", () => {
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

Deno.test("resolveSettings() lets a flag beat the environment, and the environment the profile", () => {
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

Deno.test("resolveSettings() needs no profile when flags or the environment say enough", () => {
  const { profile, hasProfile, tenant, scopes } = resolve(
    { tenantId: "common" },
    { AZURE_CLIENT_ID: CLIENT[1] ?? "" },
    null,
  );
  assertEquals([profile, hasProfile, tenant, scopes], ["work", false, "common", ["User.Read"]]);
});

Deno.test("resolveSettings() takes the tenant from the path of the authority that is used", () => {
  assertEquals(resolve({ authority: "https://flag.example/path.example" }).tenant, "path.example");
  const profile = { ...PROFILE, tenantId: "path.example", authority: "https://profile.example/path.example" };
  assertEquals(resolve({}, {}, profile).tenant, "path.example");
  assertEquals(resolve({ tenantId: "flag.example" }, {}, profile).tenant, "flag.example");
  assertEquals(resolve({ authority: "https://flag.example" }, {}, profile).authority, "https://flag.example");
});

Deno.test("resolveSettings() refuses two tenants in one place", () => {
  const error = assertThrows(
    () => resolve({ tenantId: "one.example", authority: "https://flag.example/two.example" }),
    CliError,
    "Two tenants are named",
  );
  assertEquals(error.code, "usage");
});

Deno.test("resolveSettings() asks for the scopes typed, else the profile's, else to read one's own account", () => {
  assertEquals(resolve({ scopes: ["Files.Read Files.Read", "openid"] }).scopes, ["Files.Read", "openid"]);
  assertEquals(resolve({ scopes: [] }).scopes, ["Mail.Read"]);
  assertEquals(resolve({ scopes: [" "] }).scopes, ["Mail.Read"]);
  assertEquals(resolve({}, {}, { ...PROFILE, scopes: [] }).scopes, ["User.Read"]);
});

Deno.test("resolveSettings() for a missing profile says how to create it and what there is", () => {
  const error = assertThrows(() => resolve({ tenantId: "common" }, {}, null), CliError);
  assertEquals([error.code, error.message], ["no_profile", "Profile 'work' does not exist"]);
  assertStringIncludes(error.hint ?? "", "entra-auth-cli create-profile --name work --tenant-id");
  assertStringIncludes(error.hint ?? "", "default, personal");
});

Deno.test("resolveSettings() says which variable is wrong", () => {
  for (const name of ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_AUTHORITY_HOST"]) {
    const error = assertThrows(() => resolve({}, { [name]: "http://x" }), CliError);
    assertEquals(error.code, "usage");
    assertStringIncludes(error.message, name);
  }
});

Deno.test("resolveSettings() refuses a wrong flag even where it would not be used", () => {
  assertThrows(() => resolve({ flow: "password" }), CliError, "Flow is wrong");
  assertThrows(() => resolve({ authority: "http://flag.example" }), CliError, "Authority is wrong");
});

Deno.test("resolveSettings() takes a cloud for its authority, and sends scopes of its Graph", () => {
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

Deno.test("resolveSettings() refuses a cloud beside an authority, and one that there isn't", () => {
  const both = assertThrows(
    () => resolve({ cloud: "usgov", authority: "https://login.microsoftonline.us" }),
    CliError,
    "--cloud and --authority can't be used together",
  );
  assertEquals(both.exitCode, 2);
  const unknown = assertThrows(() => resolve({ cloud: "mars" }), CliError, "Cloud is wrong");
  assertStringIncludes(unknown.hint ?? "", "public, usgov, china");
});

Deno.test("resolveSettings() puts the policy of B2C behind whichever tenant is used", () => {
  const authority = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin";
  const profile = { ...PROFILE, tenantId: "contoso.onmicrosoft.com", authority, scopes: [] };
  const kept = resolve({}, {}, profile);
  assertEquals(kept.authority, "https://contoso.b2clogin.com");
  assertEquals(kept.tenant, "contoso.onmicrosoft.com/b2c_1_signin");
  assertEquals(kept.scopes, [PROFILE.clientId], "B2C has no Graph: a token for the application itself");
  assertEquals(resolve({ tenantId: "other.example" }, {}, profile).tenant, "other.example/b2c_1_signin");
  assertEquals(resolve({ authority }, {}, PROFILE).tenant, "contoso.onmicrosoft.com/b2c_1_signin");
});

Deno.test("resolveSettings() takes the tenant of External ID from its host where none is named", () => {
  const env = { AZURE_CLIENT_ID: CLIENT[1] ?? "" };
  const authority = "https://contoso.ciamlogin.com";
  assertEquals(resolve({ authority }, env, null).tenant, "contoso.onmicrosoft.com");
  assertEquals(resolve({ authority, tenantId: "other.example" }, env, null).tenant, "other.example");
  assertEquals(resolve({ authority }, {}, PROFILE).tenant, PROFILE.tenantId);
});

Deno.test("resolveSettings() refuses scopes of two resources, be they the profile's, with the commands that do it", () => {
  const scopes = ["User.Read", "api://app/Read"];
  for (const work of [() => resolve({ scopes }), () => resolve({}, {}, { ...PROFILE, scopes })]) {
    const error = assertThrows(work, CliError);
    assertEquals(error.code, "usage");
    assertStringIncludes(error.hint ?? "", "get-token --profile work --scope api://app/Read");
  }
});
