import { assertEquals } from "@std/assert";
import { proseOf, wordsOf } from "../../scripts/check/spelling.ts";

/** Returns the words that are looked up, with their lines. The braces in the texts below keep them from being read here. */
function words(path: string, text: string): string[] {
  return wordsOf(proseOf(path, text)).map(({ line, word }) => `${line} ${word}`);
}

Deno.test("comments, messages and names of tests are read for their spelling, and code is not", () => {
  const source = [
    "/** {} of the `tokn`: a wrold. */",
    'const helo = "notprose"; // {} a comnent',
    "throw new Error(`The ${tokn} is the\\nrihgt and the \\x1b[1mbset one`);",
    'Deno.test("a test isn\'t withuot a {@name}", () => {});',
    "Deno.test('a tset has the one');{}",
    'const style = "body { margin: nul; or is that }";',
  ];
  const shortWords = source.map((line) => line.replace("withuot a {@name}", "withuot a"));
  assertEquals(words("x.ts", shortWords.join("\n")), [
    "1 wrold",
    "2 comnent",
    "3 rihgt",
    "3 bset",
    "4 test",
    "4 isn't",
    "4 withuot",
    "5 tset",
  ]);
});

Deno.test("all of Markdown is read but code and addresses", () => {
  const page =
    "# Titel {}\n\n```bash\nehco\n```\n\nA [lnik](../fiel.md), `coed`, snake_caes, camelCaes, ABCD and x86_64.\n";
  assertEquals(words("x.md", page), ["1 Titel", "7 lnik"]);
});

Deno.test("comments of scripts are read", () => {
  assertEquals(words("x.sh", "say 'wrold' # {} prnits it\n"), ["1 prnits"]);
});
