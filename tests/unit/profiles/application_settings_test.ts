import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import {
  checkApplicationScopes,
  resolveApplicationSettings,
} from "../../../src/profiles/application_settings.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import type { SettingsFlags } from "../../../src/profiles/settings.ts";

const TENANT = "11111111-2222-4333-8444-555555555555";
const CLIENT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const OTHER = "0b0fdab2-9d9a-4f2f-8a52-ff8a3b8e2d11";
const GRAPH = "https://graph.microsoft.com/.default";
const PUBLIC = "https://login.microsoftonline.com";
const JOB: Profile = {
  name: "job",
  tenantId: TENANT,
  clientId: CLIENT,
  flow: "client-credentials",
  scopes: [],
};
const PERSON: Profile = { ...JOB, flow: "interactive", scopes: ["User.Read"] };
const MACHINE: Profile = { ...JOB, tenantId: "", flow: "managed-identity" };

function resolve(flags: SettingsFlags, profile: Profile | null, variables: Record<string, string> = {}) {
  return resolveApplicationSettings(flags, { get: (name) => variables[name] }, profile, "job");
}

function refusal(work: () => unknown): CliError {
  return assertThrows(work, CliError);
}

Deno.test("resolveApplicationSettings() requests all of Graph in the right cloud by default", () => {
  assertEquals(resolve({}, JOB).scopes, [GRAPH]);
  assertEquals(resolve({ cloud: "usgov" }, JOB).scopes, ["https://graph.microsoft.us/.default"]);
  const vault = "https://vault.azure.net/.default";
  assertEquals(resolve({}, { ...JOB, scopes: [vault] }).scopes, [vault]);
  assertEquals(resolve({ scopes: [vault] }, JOB).scopes, [vault]);
});

Deno.test("resolveApplicationSettings() ignores the scopes of a profile for users, except .default", () => {
  const flags = { flow: "client-credentials" };
  assertEquals(resolve(flags, PERSON).scopes, [GRAPH]);
  const vault = "https://vault.azure.net/.default";
  assertEquals(resolve(flags, { ...PERSON, scopes: [vault] }).scopes, [vault]);
  assertEquals(refusal(() => resolve({}, { ...JOB, scopes: ["User.Read"] })).code, "usage");
});

Deno.test("resolveApplicationSettings() requires a single tenant for client-credentials", () => {
  assertEquals(resolve({}, JOB).tenant, TENANT);
  for (const tenant of ["common", "organizations", "consumers"]) {
    const error = refusal(() => resolve({ tenantId: tenant }, JOB));
    assertEquals(error.code, "usage");
    assertStringIncludes(error.message, `"${tenant}"`);
  }
});

Deno.test("resolveApplicationSettings() gets a managed identity from flags, the environment, or a profile for one", () => {
  const flags = { flow: "managed-identity" };
  const idOf = (...args: Parameters<typeof resolve>) => resolve(...args).clientId;
  assertEquals(idOf(flags, null), "managed-identity");
  assertEquals(idOf(flags, PERSON), "managed-identity");
  assertEquals(idOf({}, MACHINE), CLIENT);
  assertEquals(idOf({}, MACHINE, { AZURE_CLIENT_ID: OTHER }), OTHER);
  assertEquals(idOf({ ...flags, clientId: CLIENT }, null, { AZURE_CLIENT_ID: OTHER }), CLIENT);
  assertEquals(idOf({ ...flags, identityObjectId: OTHER }, MACHINE), `object-id:${OTHER}`);
  const resource =
    "/subscriptions/x/resourcegroups/y/providers/Microsoft.ManagedIdentity/userAssignedIdentities/z";
  assertEquals(idOf({ ...flags, identityResourceId: resource }, null), `resource-id:${resource}`);
  for (const wrong of ["/subscriptions/x?y", "elsewhere", "/subscriptions/x&z"]) {
    assertEquals(refusal(() => idOf({ ...flags, identityResourceId: wrong }, null)).code, "usage");
  }
  assertEquals(refusal(() => idOf({ ...flags, clientId: "no guid" }, null)).code, "usage");
});

const INSTEAD: [scope: string, named: string][] = [
  ["User.Read", GRAPH],
  ["offline_access", GRAPH],
  ["/.default", GRAPH],
  ["https://vault.azure.net/user_impersonation", "https://vault.azure.net/.default"],
  ["https://vault.azure.net", "https://vault.azure.net/.default"],
  ["https://vault.azure.net/", "https://vault.azure.net/.default"],
  ["api://orders/Read.All", "api://orders/.default"],
  [`${CLIENT}/Read`, `${CLIENT}/.default`],
  [CLIENT, `${CLIENT}/.default`],
  ["urn:orders", "urn:orders/.default"],
  ["https:///.default", GRAPH],
];

for (const [scope, named] of INSTEAD) {
  Deno.test(`checkApplicationScopes() suggests ${named} in place of ${scope}`, () => {
    const error = refusal(() => checkApplicationScopes([scope], "client-credentials", PUBLIC));
    assertEquals(error.code, "usage");
    assertEquals(error.hint?.endsWith(`--scope ${named}`), true, error.hint);
  });
}

Deno.test("checkApplicationScopes() accepts one .default in any spelling, and rejects two", () => {
  for (const scope of [GRAPH, "https://management.azure.com//.default", "api://orders/.DEFAULT"]) {
    checkApplicationScopes([scope], "managed-identity", PUBLIC);
  }
  const two = [GRAPH, "https://vault.azure.net/.default"];
  assertStringIncludes(
    refusal(() => checkApplicationScopes(two, "managed-identity", PUBLIC)).message,
    "one resource, but 2",
  );
});
