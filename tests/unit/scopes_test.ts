import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../src/errors.ts";
import { canonicalScope, coversScopes, missingScopes, parseScopes } from "../../src/scopes.ts";

Deno.test("parseScopes() splits at spaces and commas, and drops what comes twice", () => {
  assertEquals(parseScopes(["User.Read Mail.Read", "Mail.Read,openid\n"]), [
    "User.Read",
    "Mail.Read",
    "openid",
  ]);
  assertEquals(parseScopes([""]), []);
});

Deno.test("parseScopes() refuses what RFC 6749 allows in no scope, and shows it harmlessly", () => {
  for (const scope of ['a"b', "a\\b", "é", "a\u001b[2J", "a\u0000"]) {
    const error = assertThrows(() => parseScopes([scope]), CliError);
    assertEquals(error.code, "usage");
    assertEquals(error.message.includes("\u001b"), false);
  }
});

Deno.test("canonicalScope() takes a short scope for Graph's, and ignores case", () => {
  const table: [string, string][] = [
    ["User.Read", "https://graph.microsoft.com/user.read"],
    ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/user.read"],
    ["api://App/Files.Read", "api://app/files.read"],
    ["OpenID", "openid"],
  ];
  for (const [scope, expected] of table) assertEquals(canonicalScope(scope), expected);
});

Deno.test("coversScopes() wants every scope, however it is spelled", () => {
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
    assertEquals(coversScopes(available, wanted), expected, wanted.join(" "));
  }
});

Deno.test("coversScopes() takes no token of some resource for one that was asked for by OpenID scopes alone", () => {
  assertEquals(coversScopes(["api://app/Files.Read"], ["openid", "profile"]), false);
  assertEquals(coversScopes(["api://app/Files.Read"], []), false);
  assertEquals(coversScopes(["openid", "profile", "User.Read"], ["openid", "Profile"]), true);
});

Deno.test("missingScopes() gives what was not granted, as the user spelled it", () => {
  assertEquals(missingScopes(["user.read"], ["User.Read", "Mail.Read", "offline_access"]), ["Mail.Read"]);
});
