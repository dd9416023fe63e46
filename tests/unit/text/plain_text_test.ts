import { assertEquals } from "@std/assert";
import {
  breakLogCommands,
  escapeJson,
  isUnsafeDocument,
  plainText,
  withoutTokens,
} from "../../../src/text/plain_text.ts";

Deno.test("plainText() keeps ordinary text of any script", () => {
  for (const text of ["Sign-in failed: AADSTS50011.", "Grüße, 東京 👍", ""]) {
    assertEquals(plainText(text), text);
  }
});

Deno.test("plainText() replaces control characters and line ends by one space", () => {
  const table: [string, string][] = [
    ["a\r\nHint: b", "a Hint: b"],
    ["a\u001b[2Jb", "a [2Jb"],
    ["a\u001b]52;c;eA==\u0007b", "a ]52;c;eA== b"],
    ["a\u009b31mb", "a 31mb"],
    ["a\tb\u0000c\bd\u007fe", "a b c d e"],
    ["a\u2028b\u2029c\u0085d", "a b c d"],
    ["a\u202eb\u2066c\u200fd\u061ce", "a b c d e"],
    ["\n a \n", "a"],
  ];
  for (const [text, expected] of table) assertEquals(plainText(text), expected);
});

Deno.test("plainText() replaces every C0, C1 and bidirectional control character", () => {
  const ranges = [[0, 0x1f], [0x7f, 0x9f], [0x200e, 0x200f], [0x2028, 0x202e], [0x2066, 0x2069], [
    0x61c,
    0x61c,
  ]];
  for (const [first = 0, last = 0] of ranges) {
    for (let code = first; code <= last; code++) {
      assertEquals(plainText(`a${String.fromCodePoint(code)}b`), "a b", code.toString(16));
    }
  }
});

Deno.test("plainText() replaces zero-width, tag, interlinear and other invisible characters", () => {
  const ranges = [[0x200b, 0x200f], [0x2060, 0x206f], [0xfff9, 0xfffb], [0xfe00, 0xfe0f], [0xe0000, 0xe01ef]];
  for (
    const [first = 0, last = 0] of [...ranges, ...[0xad, 0x34f, 0x180e, 0x3164, 0xfeff].map((x) => [x, x])]
  ) {
    for (let code = first; code <= last; code++) {
      assertEquals(plainText(`a${String.fromCodePoint(code)}b`), "a b", code.toString(16));
    }
  }
});

const LOG_COMMANDS: [text: string, broken: string][] = [
  ["a ##vso[task.setvariable variable=a]b", "a # #vso[task.setvariable variable=a]b"],
  ["##[error]x ##[group]", "# #[error]x # #[group]"],
  ["##teamcity[message] ##VSO[x]", "# #teamcity[message] # #VSO[x]"],
  ["####vso[###[", "### #vso[## #["],
  ["::error::x", ": :error::x"],
  ["a\n  ::error::x\r\n\u00a0::add-mask::", "a\n  : :error::x\r\n\u00a0: :add-mask::"],
];

Deno.test("breakLogCommands() breaks what a CI system would obey, in every line", () => {
  for (const [text, broken] of LOG_COMMANDS) {
    assertEquals(breakLogCommands(text), broken);
    assertEquals(breakLogCommands(broken), broken);
  }
});

Deno.test("breakLogCommands() keeps ordinary text, IPv6 addresses included", () => {
  for (
    const text of ["## Heading", "C# [1]", "issue #1 ##", "listens on ::1", "a::b", ": :", "[::1]", "#[x]"]
  ) {
    assertEquals(breakLogCommands(text), text);
  }
});

Deno.test("breakLogCommands() takes linear time for long text", () => {
  for (const unit of ["#", "##a", " ", "\n", "\n ", ":"]) {
    const text = unit.repeat(200_000);
    assertEquals(breakLogCommands(text).length >= text.length, true);
  }
});

Deno.test("escapeJson() breaks log commands and escapes invisible characters without changing the value", () => {
  for (const [text] of [...LOG_COMMANDS, ["\\##[\u200b\u{e0041}\ufff9\u{1f44d}\\"]]) {
    const value = { [`##[${text}`]: [text, `##`, ["x"]] };
    for (const indent of [0, 2]) {
      const json = escapeJson(JSON.stringify(value, null, indent));
      assertEquals(JSON.parse(json), value);
      assertEquals(breakLogCommands(json), json);
      assertEquals(/[\u200b\ufff9\u{e0041}]/u.test(json), false);
    }
  }
  assertEquals(escapeJson('{"a":"##[x"}'), '{"a":"#\\u0023[x"}');
});

Deno.test("isUnsafeDocument() finds log commands and invisible characters in YAML", () => {
  for (const yaml of ["a: '##vso[x]'\n", ">-\n  a\n  ::error::x\n", "a: b\u200b\n"]) {
    assertEquals([isUnsafeDocument(yaml), isUnsafeDocument(yaml)], [true, true]);
  }
  assertEquals(isUnsafeDocument("name: Grüße\naddress: ::1\n"), false);
});

Deno.test("plainText() truncates long text with an ellipsis", () => {
  assertEquals(plainText("x".repeat(500)), "x".repeat(500));
  assertEquals(plainText("x".repeat(501)), "x".repeat(499) + "…");
  assertEquals(plainText("abcd", 3), "ab…");
  assertEquals(plainText("abc", 3), "abc");
});

Deno.test("withoutTokens() replaces possible tokens and codes by stars and keeps readable text", () => {
  const jwt = `eyJ${"a".repeat(40)}.eyJ${"b-_".repeat(200)}.${"c".repeat(80)}`;
  assertEquals(withoutTokens(`The token ${jwt} is wrong.`), "The token *** is wrong.");
  assertEquals(withoutTokens(`'1.AV${"x".repeat(90)}'`), "'***'");
  const words =
    "AADSTS50011: https://login.example/11111111-2222-4333-8444-555555555555/oauth2/v2.0/authorize?a=b " +
    "Trace ID: 66666666-7777-4888-8999-aaaaaaaaaaaa thumbprint " + "0123456789ABCDEF".repeat(4);
  assertEquals(withoutTokens(words), words);
});
