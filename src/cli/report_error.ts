import { CliError } from "../errors.ts";
import { escapeJson, plainText } from "../text/plain_text.ts";
import type { Terminal } from "../system/terminal/terminal.ts";
import { GLOBAL_OPTIONS } from "./options/token_options.ts";

const MAX_LENGTH = 2000;

/**
 * Prints an error on stderr: one line for what happened and, after `Hint:`, what to do next; or one JSON document if the
 * command prints JSON.
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
  const hint = known.hint?.split("\n").map((line) => plainText(line, MAX_LENGTH)).join("\n");
  if (options.asJson) {
    const document = {
      code,
      message,
      hint: hint ?? null,
      aadsts: aadsts ?? null,
      correlation_id: correlationId ?? null,
    };
    terminal.writeMessage(escapeJson(JSON.stringify({ error: document })));
    return known.exitCode;
  }
  terminal.writeMessage(message);
  if (hint !== undefined) terminal.writeMessage(`Hint: ${hint.replaceAll("\n", "\n      ")}`);
  const reference = [aadsts, correlationId && `correlation ID ${correlationId}`];
  const details = reference.filter((part) => part !== undefined).join(", ");
  if (details !== "") terminal.writeMessage(`(${details})`);
  if (options.verbose) { for (const line of causeLines(known)) terminal.writeMessage(line); }
  return known.exitCode;
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
