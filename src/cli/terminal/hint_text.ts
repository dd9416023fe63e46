import { plainText } from "../../text/plain_text.ts";
import { GLOBAL_OPTIONS } from "../options/token_options.ts";

const MAX_LINE_LENGTH = 2000;

/** The lines of a hint that are shown without `--verbose`. */
const MAX_HINT_LINES = 3;

/** Lines to drop from a long hint first: az itself says that it needs a sign-in. */
const PREPARATION = /^az login /;

/** Formats the hint of an error or warning: at most three lines, or all of them with `--verbose`. */
export function hintText(hint: string, verbose = false): string {
  const lines = hint.split("\n").map((line) => plainText(line, MAX_LINE_LENGTH));
  const isLong = !verbose && lines.length > MAX_HINT_LINES;
  const shown = isLong ? lines.filter((line) => !PREPARATION.test(line)).slice(0, MAX_HINT_LINES) : lines;
  const more = shown.length < lines.length ? ` (more with ${GLOBAL_OPTIONS.verbose.flag})` : "";
  return `Hint: ${shown.join("\n      ")}${more}`;
}
