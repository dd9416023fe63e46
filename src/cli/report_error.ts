import { CliError } from "../errors.ts";
import { escapeJson, plainText } from "../text/plain_text.ts";
import type { Terminal } from "../system/terminal/terminal.ts";
import { GLOBAL_OPTIONS } from "./options/token_options.ts";

const MAX_LENGTH = 2000;

/**
 * Prints an error on stderr: one line for what happened, with the error number and the correlation ID, and, after `Hint:`,
 * what to do next; or one JSON document if the command prints JSON. The authority's own words stand between them with
 * `--verbose`, and if they name something that message and hint do not.
 *
 * @returns The exit code.
 */
export function reportError(
  error: unknown,
  terminal: Terminal,
  options: { asJson: boolean; verbose: boolean },
): number {
  const known = toCliError(error);
  const { code } = known;
  // Text from the network is plain already; this covers text that was forgotten.
  const message = plainText(known.message, MAX_LENGTH);
  const aadsts = known.aadsts === undefined ? undefined : plainText(known.aadsts);
  const correlationId = known.correlationId === undefined ? undefined : plainText(known.correlationId);
  const description = known.description === undefined ? undefined : plainText(known.description, MAX_LENGTH);
  const hint = known.hint?.split("\n").map((line) => plainText(line, MAX_LENGTH)).join("\n");
  if (options.asJson) {
    const document = {
      code,
      message,
      hint: hint ?? null,
      aadsts: aadsts ?? null,
      correlation_id: correlationId ?? null,
      description: description ?? null,
    };
    terminal.writeMessage(escapeJson(JSON.stringify({ error: document })));
    return known.exitCode;
  }
  const reference = [aadsts, correlationId && `correlation ID ${correlationId}`]
    .filter((part) => part !== undefined).join(", ");
  terminal.writeMessage(reference === "" ? message : `${message} (${reference})`);
  if (description !== undefined && !message.includes(description)) {
    const isWanted = options.verbose || namesMore(description, `${message}\n${hint ?? ""}`);
    if (isWanted) terminal.writeMessage(`Details: ${description}`);
  }
  if (hint !== undefined) terminal.writeMessage(`Hint: ${hint.replaceAll("\n", "\n      ")}`);
  if (options.verbose) { for (const line of causeLines(known)) terminal.writeMessage(line); }
  return known.exitCode;
}

/** Values in the words of an authority: what is quoted, addresses, IDs, user names and times. */
const VALUES =
  /'([^']+)'|"([^"]+)"|\b([a-z][a-z\d+.-]*:\/\/[^\s'",;)\]]+|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d{4}-\d\d-\d\d[T ][\d:.]+Z?)/gi;

/** What is quoted or linked without naming anything of the user's: parameters, what Entra hides, and its documentation. */
const NO_VALUE =
  /^(client_(assertion|secret)|\{EUII Hidden\}|https:\/\/(aka\.ms|[\w.]+\.microsoft\.com)\/.*)$/i;

/** Reports whether `words` name a value that `shown` does not. */
function namesMore(words: string, shown: string): boolean {
  const known = shown.toLowerCase();
  return [...words.matchAll(VALUES)].some(([, single, double, bare]) => {
    const value = (single ?? double ?? bare ?? "").replace(/\.$/, "");
    return value !== "" && !NO_VALUE.test(value) && !known.includes(value.toLowerCase());
  });
}

/** Shows only the stack of an unexpected error: its message could hold a secret. */
function causeLines({ code, cause }: CliError): string[] {
  if (!(cause instanceof Error)) return [];
  if (code !== "unexpected") return [`Cause: ${cause.name}: ${plainText(cause.message)}`];
  return (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
}

/** Wraps everything but a {@linkcode CliError}, which is a bug in this program or a package that is missing. */
function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const missing = packageError(error);
  if (missing !== null) return missing;
  const name = error instanceof Error ? error.name : typeof error;
  return new CliError("unexpected", `Unexpected error (${name})`, {
    hint: `Run the command again with ${GLOBAL_OPTIONS.verbose.flag} and report what it prints.`,
    cause: error,
  });
}

/**
 * Returns the error for a package that Deno could not load, or null for any other error. Only a program that is started
 * from its source or from a URL loads packages. Without a lock file, Deno refuses a version that is published in the
 * future of this machine's clock.
 */
function packageError(error: unknown): CliError | null {
  if (!(error instanceof TypeError && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) return null;
  if (/minimum dependency date/.test(error.message)) {
    const message = "A package of this program is newer than this machine's clock";
    return new CliError("unexpected", message, {
      hint: "Check the date and time of this machine.",
      cause: error,
    });
  }
  if (!/^Failed loading https?:/.test(error.message)) return null;
  return new CliError("network", "Deno could not load a package of this program", {
    hint: "Check the connection and the proxy (HTTPS_PROXY), then try again.",
    cause: error,
  });
}
