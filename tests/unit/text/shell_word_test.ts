import { assertEquals } from "@std/assert";
import { shellWord } from "../../../src/text/shell_word.ts";

Deno.test("shellWord() quotes only text that a shell would split or expand", () => {
  const words: [string, string][] = [
    ["myapp", "myapp"],
    ["production-api_2.0", "production-api_2.0"],
    ["/home/me/.entra-auth-cli/key", "/home/me/.entra-auth-cli/key"],
    ["my app", '"my app"'],
    ["C:\\Users\\Ada Lovelace", '"C:\\Users\\Ada Lovelace"'],
    ["", '""'],
    ["a$(id)", "'a$(id)'"],
    ["it's `id`", "'it'\\''s `id`'"],
  ];
  for (const [text, word] of words) assertEquals(shellWord(text), word);
});
