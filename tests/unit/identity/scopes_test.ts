import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import {
  canonicalScope,
  coversScopes,
  firstResource,
  isDefaultScope,
  isGraphDefault,
  lacksResource,
  missingScopes,
  parseScopeFlag,
  parseScopes,
  resourceOf,
  scopesByResource,
  sentScopes,
} from "../../../src/identity/scopes.ts";

const PUBLIC = "https://login.microsoftonline.com";
const US_GOVERNMENT = "https://login.microsoftonline.us";

Deno.test("parseScopes() splits at spaces and commas and drops duplicates", () => {
  assertEquals(parseScopes(["User.Read Mail.Read", "Mail.Read,openid\n"]), [
    "User.Read",
    "Mail.Read",
    "openid",
  ]);
  assertEquals(parseScopes([""]), []);
});

Deno.test("parseScopes() rejects characters that RFC 6749 forbids and escapes them in the message", () => {
  for (const scope of ['a"b', "a\\b", "é", "a\u001b[2J", "a\u0000"]) {
    const error = assertThrows(() => parseScopes([scope]), CliError);
    assertEquals(error.code, "usage");
    assertEquals(error.message.includes("\u001b"), false);
  }
});

Deno.test("canonicalScope() adds Microsoft Graph to a short scope and ignores case", () => {
  const table: [string, string][] = [
    ["User.Read", "https://graph.microsoft.com/user.read"],
    ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/user.read"],
    ["api://App/Files.Read", "api://app/files.read"],
    ["OpenID", "openid"],
    ["2FF814A6-3304-4ab8-85cb-cd0e618f377d", "2ff814a6-3304-4ab8-85cb-cd0e618f377d"],
    ["urn:Orders", "urn:orders"],
  ];
  for (const [scope, expected] of table) assertEquals(canonicalScope(scope, PUBLIC), expected);
});

Deno.test("coversScopes() requires every scope in any spelling", () => {
  const available = ["User.Read", "https://graph.microsoft.com/Mail.Read"];
  const table: [string[], boolean][] = [
    [["User.Read"], true],
    [["mail.read", "https://graph.microsoft.com/user.read"], true],
    [["User.Read", "openid", "offline_access"], true],
    [["User.Read", "Calendars.Read"], false],
    [["api://app/User.Read"], false],
    [["https://graph.microsoft.com/.default"], false],
  ];
  for (const [wanted, expected] of table) {
    assertEquals(coversScopes(available, wanted, PUBLIC), expected, wanted.join(" "));
  }
});

Deno.test("coversScopes() rejects another resource's token for a request with only OpenID scopes", () => {
  assertEquals(coversScopes(["api://app/Files.Read"], ["openid", "profile"], PUBLIC), false);
  assertEquals(coversScopes(["api://app/Files.Read"], [], PUBLIC), false);
  assertEquals(coversScopes(["openid", "profile", "User.Read"], ["openid", "Profile"], PUBLIC), true);
});

Deno.test("missingScopes() returns the scopes that were not granted in the user's spelling", () => {
  assertEquals(missingScopes(["user.read"], ["User.Read", "Mail.Read", "offline_access"], PUBLIC), [
    "Mail.Read",
  ]);
});

Deno.test("A short scope belongs to the Microsoft Graph of the authority's cloud", () => {
  const table: [string, string][] = [
    [PUBLIC, "https://graph.microsoft.com/user.read"],
    ["https://login.windows.net", "https://graph.microsoft.com/user.read"],
    ["https://login.example", "https://graph.microsoft.com/user.read"],
    [US_GOVERNMENT, "https://graph.microsoft.us/user.read"],
    ["https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn/user.read"],
    ["https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/user.read"],
  ];
  for (const [authority, expected] of table) {
    assertEquals(canonicalScope("User.Read", authority), expected);
    assertEquals(coversScopes([expected], ["User.Read"], authority), true);
    assertEquals(missingScopes(["User.Read"], [expected], authority), []);
  }
  assertEquals(coversScopes(["https://graph.microsoft.com/User.Read"], ["User.Read"], US_GOVERNMENT), false);
  assertEquals(missingScopes(["User.Read"], ["https://graph.microsoft.us/User.Read"], PUBLIC).length, 1);
});

Deno.test("sentScopes() adds the resource only in a national cloud", () => {
  const id = "2ff814a6-3304-4ab8-85cb-cd0e618f377d";
  const typed = ["User.Read", "openid", "Offline_Access", "api://app/Files.Read", ".default", id];
  assertEquals(sentScopes(typed, PUBLIC), typed);
  assertEquals(sentScopes(typed, "https://contoso.ciamlogin.com"), typed);
  assertEquals(sentScopes(typed, US_GOVERNMENT), [
    "https://graph.microsoft.us/User.Read",
    "openid",
    "Offline_Access",
    "api://app/Files.Read",
    "https://graph.microsoft.us/.default",
    id,
  ]);
});

Deno.test("resourceOf() returns Microsoft Graph for a short scope and null for an OpenID scope", () => {
  const table: [string, string | null][] = [
    ["User.Read", "https://graph.microsoft.com"],
    ["https://Graph.Microsoft.com/Mail.Read", "https://graph.microsoft.com"],
    ["00000003-0000-0000-c000-000000000000/.default", "https://graph.microsoft.com"],
    [".default", "https://graph.microsoft.com"],
    ["https://management.core.windows.net//.default", "https://management.azure.com"],
    ["https://vault.azure.net//.default", "https://vault.azure.net"],
    ["499b84ac-1321-427f-aa17-267ca6975798/vso.code", "https://app.vssps.visualstudio.com"],
    ["api://contoso/orders/Read.All", "api://contoso/orders"],
    ["2ff814a6-3304-4ab8-85cb-cd0e618f377d/.default", "2ff814a6-3304-4ab8-85cb-cd0e618f377d"],
    ["https://vault.azure.net", "https://vault.azure.net"],
    ["https://vault.azure.net/", "https://vault.azure.net"],
    ["https://management.core.windows.net", "https://management.azure.com"],
    ["api://contoso", "api://contoso"],
    ["urn:contoso", "urn:contoso"],
    ["797f4846-BA00-4fd7-ba43-dac1f8f63013", "https://management.azure.com"],
    ["2ff814a6-3304-4ab8-85cb-cd0e618f377d", "2ff814a6-3304-4ab8-85cb-cd0e618f377d"],
    ["offline_access", null],
    ["OpenID", null],
  ];
  for (const [scope, expected] of table) assertEquals(resourceOf(scope, PUBLIC), expected, scope);
  assertEquals(resourceOf("User.Read", "https://login.microsoftonline.us"), "https://graph.microsoft.us");
});

Deno.test("firstResource() skips OpenID scopes, and returns undefined without another scope", () => {
  assertEquals(firstResource(["openid", "api://app/Read", "User.Read"], PUBLIC), "api://app");
  assertEquals(firstResource(["openid", "profile"], PUBLIC), undefined);
});

Deno.test("scopesByResource() groups scopes by resource in the user's spelling", () => {
  const scopes = ["User.Read", "openid", "api://app/Read", "https://graph.microsoft.com/Mail.Read"];
  assertEquals([...scopesByResource(scopes, PUBLIC)], [
    ["https://graph.microsoft.com", ["User.Read", "https://graph.microsoft.com/Mail.Read"]],
    ["api://app", ["api://app/Read"]],
  ]);
  assertEquals(scopesByResource(["openid", "profile"], PUBLIC).size, 0);
});

Deno.test("lacksResource() recognizes a slash without a resource before it", () => {
  for (
    const scope of [
      "/.default",
      "//.default",
      "/User.Read",
      "/",
      "https:///.default",
      "https://",
      "api:///Read",
    ]
  ) {
    assertEquals(lacksResource(scope), true, scope);
  }
  for (
    const scope of [
      "User.Read",
      ".default",
      "openid",
      "api://app",
      "urn:app",
      "app/Read",
      "https://a/.default",
    ]
  ) {
    assertEquals(lacksResource(scope), false, scope);
  }
});

Deno.test("isDefaultScope() recognizes .default of any resource and nothing similar", () => {
  for (const scope of ["https://graph.microsoft.com/.default", "api://a//.Default", ".default"]) {
    assertEquals(isDefaultScope(scope), true, scope);
  }
  for (const scope of ["User.default", "api://a/x.default", "api://.default/Read"]) {
    assertEquals(isDefaultScope(scope), false, scope);
  }
});

Deno.test("isGraphDefault() recognizes .default of Microsoft Graph by all its names, and of no other API", () => {
  const ofGraph = [
    ["https://graph.microsoft.com/.default", PUBLIC],
    ["00000003-0000-0000-c000-000000000000/.default", PUBLIC],
    [".default", US_GOVERNMENT],
    ["https://graph.microsoft.us/.Default", US_GOVERNMENT],
  ] as const;
  for (const [scope, authority] of ofGraph) assertEquals(isGraphDefault(scope, authority), true, scope);
  for (const scope of ["https://vault.azure.net/.default", "api://a/.default", "User.Read"]) {
    assertEquals(isGraphDefault(scope, PUBLIC), false, scope);
  }
});

Deno.test("parseScopeFlag() rejects a flag without a scope and returns undefined without the flag", () => {
  assertEquals(parseScopeFlag(undefined), undefined);
  assertEquals(parseScopeFlag([" ", "User.Read,"]), ["User.Read"]);
  for (const typed of [[" "], [","], []]) {
    assertEquals(assertThrows(() => parseScopeFlag(typed), CliError).code, "usage");
  }
});
