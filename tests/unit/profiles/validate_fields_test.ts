import { assertEquals } from "@std/assert";
import {
  checkClientId,
  checkDomainHint,
  checkFlow,
  checkProfileName,
  checkTenant,
} from "../../../src/profiles/validate_fields.ts";
import { assertRefuses } from "../../support/fixtures/assert_refuses.ts";

const GUID = "72f988bf-86f1-41af-91ab-2d7cd011db47";

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

Deno.test("checkFlow() takes our names and those of the .NET program, in any case", () => {
  for (const text of ["interactive", "Interactive", "InteractiveBrowser", "interactivebrowser"]) {
    assertEquals(checkFlow(text), "interactive");
  }
  assertRefuses(checkFlow, ["", "password", "constructor", "__proto__", "interactive "]);
});

Deno.test("checkDomainHint() takes a domain and Entra's two words for kinds of accounts", () => {
  for (const text of ["contoso.com", "Contoso.onMicrosoft.com", "organizations", "Consumers"]) {
    assertEquals(checkDomainHint(text), text.toLowerCase());
  }
  assertRefuses(checkDomainHint, ["", "contoso", "ada@contoso.com", "contoso.com&x=1", "common", "a b.com"]);
});
