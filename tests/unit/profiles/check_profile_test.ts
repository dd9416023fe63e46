import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import {
  checkAuthority,
  checkClientId,
  checkFlow,
  checkProfileName,
  checkTenant,
} from "../../../src/profiles/check_profile.ts";

const GUID = "72f988bf-86f1-41af-91ab-2d7cd011db47";

function assertRefuses(check: (text: string) => unknown, texts: readonly string[]): void {
  for (const text of texts) {
    const error = assertThrows(() => check(text), CliError, undefined, JSON.stringify(text));
    assertEquals(error.code, "usage");
    assertEquals(error.hint?.startsWith("Expected "), true, error.hint);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x1f\x7f]/.test(error.message), false, error.message);
  }
}

Deno.test("checkProfileName() takes the names that people choose", () => {
  for (
    const name of [
      "default",
      "production-api",
      "my_app.v2",
      "Work account",
      "7",
      "constructor",
      "x".repeat(64),
    ]
  ) {
    assertEquals(checkProfileName(name), name);
  }
});

Deno.test("checkProfileName() refuses what could be taken for something else", () => {
  assertRefuses(checkProfileName, [
    "",
    " ",
    "-p",
    "--force",
    ".hidden",
    "..",
    "../x",
    "a/b",
    "a\\b",
    " x",
    "x ",
    "a\nb",
    "a\u0000b",
    "\u001b[2J",
    "__proto__",
    "😀",
    "$(calc)",
    "`id`",
    "%PATH%",
    "a'b",
    'a"b',
    "x".repeat(65),
    "x".repeat(1024),
  ]);
});

Deno.test("checkTenant() takes a GUID, a domain and Entra's three words, in lower case", () => {
  assertEquals(checkTenant(GUID.toUpperCase()), GUID);
  assertEquals(checkTenant("Contoso.OnMicrosoft.com"), "contoso.onmicrosoft.com");
  for (const word of ["common", "organizations", "consumers"]) assertEquals(checkTenant(word), word);
});

Deno.test("checkTenant() refuses what would lead elsewhere", () => {
  assertRefuses(checkTenant, [
    "",
    "contoso",
    "..",
    "a..b",
    ".contoso.com",
    "contoso.com.",
    "contoso.com/x",
    "contoso.com?x",
    "contoso.com#",
    "contoso.com@evil.example",
    "evil.example:443",
    "contoso .com",
    "-a.com",
    "a-.com",
    "10.0.0.1",
    "contoso.com\n",
    "cоntoso.com",
    "%2e%2e.com",
    GUID + "0",
    `${"a".repeat(64)}.com`,
  ]);
});

Deno.test("checkClientId() takes a GUID, in lower case", () => {
  assertEquals(checkClientId(GUID.toUpperCase()), GUID);
  assertRefuses(checkClientId, [
    "",
    "my-app",
    `{${GUID}}`,
    GUID.replaceAll("-", ""),
    ` ${GUID}`,
    `${GUID}\n`,
  ]);
});

Deno.test("checkAuthority() gives the base, and the tenant that its path names", () => {
  const table: [string, string, string | null][] = [
    ["https://login.microsoftonline.com", "https://login.microsoftonline.com", null],
    ["https://login.microsoftonline.us/", "https://login.microsoftonline.us", null],
    ["HTTPS://Login.MicrosoftOnline.com:443", "https://login.microsoftonline.com", null],
    ["https://contoso.ciamlogin.com/Contoso.com", "https://contoso.ciamlogin.com", "contoso.com"],
    ["https://localhost:8443/common/", "https://localhost:8443", "common"],
    ["https://127.0.0.1:8443", "https://127.0.0.1:8443", null],
    ["https://[::1]:8443", "https://[::1]:8443", null],
  ];
  for (const [text, base, tenant] of table) assertEquals(checkAuthority(text), { base, tenant });
});

Deno.test("checkAuthority() refuses every URL that isn't plainly one host", () => {
  assertRefuses(checkAuthority, [
    "",
    "login.microsoftonline.com",
    "http://login.microsoftonline.com",
    "ftp://login.microsoftonline.com",
    "https://",
    "https:login.microsoftonline.com",
    "https:\\\\login.microsoftonline.com",
    "https://user@login.microsoftonline.com",
    "https://login.microsoftonline.com@evil.example",
    "https://login.microsoftonline.com:x@evil.example",
    "https://login.microsoftonline.com?x",
    "https://login.microsoftonline.com/common?x=1",
    "https://login.microsoftonline.com#x",
    "https://login.microsoftonline.com/common/v2.0",
    "https://login.microsoftonline.com//common",
    "https://login.microsoftonline.com/..",
    "https://login.microsoftonline.com/%2e%2e",
    "https://login.microsoftonline.com/common/..",
    "https://login.microsoftonline.com.",
    "https://login..microsoftonline.com",
    "https://.login.microsoftonline.com",
    "https://login.microsoftonline.com:99999",
    "https://login.microsoftonline.com:",
    "https://0x7f.1",
    "https://2130706433",
    "https://login.microsoftonline.com\t",
    "https://login.micro\nsoftonline.com",
    " https://login.microsoftonline.com",
    "https://lоgin.microsoftonline.com",
    "https://login%2emicrosoftonline.com",
    "https://login.microsoftonline.com\\@evil.example",
  ]);
});

Deno.test("checkFlow() takes our names and those of the .NET program, in any case", () => {
  for (const text of ["interactive", "Interactive", "InteractiveBrowser", "interactivebrowser"]) {
    assertEquals(checkFlow(text), "interactive");
  }
  assertRefuses(checkFlow, ["", "password", "constructor", "__proto__", "interactive "]);
});
