import type { Environment } from "../../system/environment.ts";
import type { Os } from "../../system/os.ts";

/** The glyphs of the status lines, and the words for a screen reader or a terminal that can't show them. */
const WORDS: Readonly<Record<string, string>> = { "✓": "[ok]", "⏳": "[wait]", "⟳": "[refresh]" };

/** `text` with words in the place of glyphs. */
export function spellGlyphs(text: string): string {
  return text.replaceAll(/[✓⏳⟳]/gu, (glyph) => WORDS[glyph] ?? glyph);
}

/** What Cliffy's questions are drawn with. Each is as wide as what stands for it, for the cursor's sake. */
const MARKS: Readonly<Record<string, string>> = { "›": ">", "»": ">", "✘": "x", "×": "x", "…": "." };

/** The `text` of a question in ASCII, but for what the user wrote. */
export function spellMarks(text: string): string {
  return text.replaceAll(/[›»✘×…]/gu, (mark) => MARKS[mark] ?? mark);
}

/** Whether a terminal may get colours and lines that are drawn anew: not where its user, or its kind, says no. */
export function takesColour(env: Environment): boolean {
  return env.get("NO_COLOR") === undefined && env.get("TERM") !== "dumb";
}

/**
 * Whether the terminal shows more than ASCII, as far as the environment tells. By POSIX the first of `LC_ALL`,
 * `LC_CTYPE` and `LANG` that is set decides, and ASCII is what there is where none is; macOS' own terminals are UTF-8
 * without any. On Windows the consoles that have these glyphs in their fonts make themselves known; the old one hasn't.
 */
export function showsGlyphs(os: Os, env: Environment): boolean {
  if (os === "windows") return env.get("WT_SESSION") !== undefined || env.get("TERM_PROGRAM") !== undefined;
  const locale = ["LC_ALL", "LC_CTYPE", "LANG"].map((name) => env.get(name)).find((value) =>
    value !== undefined
  );
  return locale === undefined ? os === "darwin" : /utf-?8/i.test(locale);
}
