import { CliError } from "../../errors.ts";

/** The error where neither a browser can be shown nor a code: waiting would be in vain. */
export function noTerminalError(): CliError {
  return new CliError(
    "person_needed",
    "No display was detected, and there is no terminal to show a code on",
    {
      hint: [
        "Run the same command on a terminal, or where there is a browser.",
        "With --flow device-code the code goes to stderr, with --show-url the URL, whoever reads it.",
        "A browser that works all the same is named by BROWSER, as in BROWSER=firefox.",
      ].join("\n"),
    },
  );
}
