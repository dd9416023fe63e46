import { assertEquals, assertMatch } from "@std/assert";
import { showsGlyphs, spellGlyphs, spellMarks } from "../../../../src/cli/terminal/glyphs.ts";
import type { Os } from "../../../../src/system/os.ts";

const shows = (os: Os, variables: Record<string, string>) =>
  showsGlyphs(os, { get: (name) => variables[name] });

Deno.test("spellGlyphs() puts a word in the place of each of the three glyphs, all of it ASCII", () => {
  assertEquals(spellGlyphs("✓ Browser opened"), "[ok] Browser opened");
  assertEquals(spellGlyphs("⏳ Waiting for sign-in..."), "[wait] Waiting for sign-in...");
  assertEquals(spellGlyphs("⟳ Refreshing expired token..."), "[refresh] Refreshing expired token...");
  assertEquals(spellGlyphs("Token saved to profile 'dé✓'"), "Token saved to profile 'dé[ok]'");
});

Deno.test("spellMarks() keeps the width of what a question is drawn with", () => {
  for (const mark of "›»✘×…") assertMatch(spellMarks(mark), /^[ -~]$/);
  assertEquals(spellMarks("? Tenant ID › contösö"), "? Tenant ID > contösö");
});

Deno.test("showsGlyphs() goes by the first variable of the locale that is set", () => {
  assertEquals(shows("linux", { LANG: "en_US.UTF-8" }), true);
  assertEquals(shows("linux", { LANG: "de_DE.utf8" }), true);
  assertEquals(shows("linux", { LC_ALL: "C", LANG: "en_US.UTF-8" }), false);
  assertEquals(shows("linux", { LC_CTYPE: "C.UTF-8", LANG: "C" }), true);
  assertEquals(shows("linux", { LANG: "en_US.ISO-8859-1" }), false);
  assertEquals(shows("linux", {}), false);
  assertEquals(shows("darwin", {}), true);
  assertEquals(shows("darwin", { LANG: "C" }), false);
});

Deno.test("showsGlyphs() knows the consoles of Windows that have them", () => {
  assertEquals(shows("windows", { WT_SESSION: "1f9e" }), true);
  assertEquals(shows("windows", { TERM_PROGRAM: "vscode" }), true);
  assertEquals(shows("windows", { LANG: "en_US.UTF-8" }), false);
});
