import { CliError } from "../errors.ts";
import { plainText } from "../text/plain_text.ts";
import { packageError } from "./package_error.ts";
import type { Terminal } from "../system/terminal/terminal.ts";

const MAX_LENGTH = 2000;

/**
 * Prints an error on stderr: a line that says what happened and, after `Hint:`, what to do next; as one JSON document
 * where the command was to print JSON. Gives the exit code.
 */
export function reportError(
  error: unknown,
  terminal: Terminal,
  options: { asJson: boolean; verbose: boolean },
): number {
  const known = toCliError(error);
  const { code } = known;
  // What comes from the network was made plain where it came in; this is for what somebody forgot.
  const message = plainText(known.message, MAX_LENGTH);
  const aadsts = known.aadsts === undefined ? undefined : plainText(known.aadsts);
  const correlationId = known.correlationId === undefined ? undefined : plainText(known.correlationId);
  const hint = known.hint?.split("\n").map((line) => plainText(line, MAX_LENGTH)).join("\n");
  if (options.asJson) {
    const document = {
      code,
      message,
      hint: hint ?? null,
      aadsts: aadsts ?? null,
      correlation_id: correlationId ?? null,
    };
    terminal.say(JSON.stringify({ error: document }));
    return known.exitCode;
  }
  terminal.say(message);
  if (hint !== undefined) terminal.say(`Hint: ${hint.replaceAll("\n", "\n      ")}`);
  const reference = [aadsts, correlationId && `correlation ID ${correlationId}`];
  const details = reference.filter((part) => part !== undefined).join(", ");
  if (details !== "") terminal.say(`(${details})`);
  if (options.verbose) { for (const line of causeLines(known)) terminal.say(line); }
  return known.exitCode;
}

/** An error nobody foresaw may hold anything in its text, so only the places it came through are shown. */
function causeLines({ code, cause }: CliError): string[] {
  if (!(cause instanceof Error)) return [];
  if (code !== "unexpected") return [`Cause: ${cause.name}: ${plainText(cause.message)}`];
  return (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
}

/** Anything else than a {@linkcode CliError} is a fault of this program. */
function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const missing = packageError(error);
  if (missing !== null) return missing;
  const name = error instanceof Error ? error.name : typeof error;
  return new CliError("unexpected", `Unexpected error (${name})`, {
    hint: "Run the command again with --verbose and report what it prints.",
    cause: error,
  });
}
