import { CliError, type ErrorCode } from "../errors.ts";
import { escapeJson, namesMore, plainText } from "../text/plain_text.ts";
import type { Terminal } from "../system/terminal/terminal.ts";
import { GLOBAL_OPTIONS } from "./options/token_options.ts";
import { hintText } from "./terminal/hint_text.ts";

const MAX_LENGTH = 2000;

export interface ErrorStyle {
  /** Whether to print one JSON document. */
  readonly asJson: boolean;
  readonly verbose: boolean;
  /** Whether another program called this one, and may show the error among its own. */
  readonly isCalled: boolean;
}

/**
 * Prints an error on stderr: after `error:` what happened, with the error number and the correlation ID, and, after
 * `Hint:`, what to do next; or one JSON document if the command prints JSON. The authority's own words stand between them
 * with `--verbose`, and if they name something that message and hint do not.
 *
 * @returns The exit code.
 */
export function reportError(error: unknown, terminal: Terminal, style: ErrorStyle): number {
  const known = toCliError(error);
  const { code } = known;
  // Text from the network is plain already; this covers text that was forgotten.
  const message = plainText(known.message, MAX_LENGTH);
  const aadsts = known.aadsts === undefined ? undefined : plainText(known.aadsts);
  const correlationId = known.correlationId === undefined ? undefined : plainText(known.correlationId);
  const description = known.description === undefined ? undefined : plainText(known.description, MAX_LENGTH);
  if (style.asJson) {
    const hint = known.hint?.split("\n").map((line) => plainText(line, MAX_LENGTH)).join("\n");
    const document = {
      code,
      message,
      hint: hint ?? null,
      aadsts: aadsts ?? null,
      correlation_id: correlationId ?? null,
      ...(description === undefined ? {} : { description }),
    };
    terminal.writeMessage(escapeJson(JSON.stringify({ error: document })));
    return known.exitCode;
  }
  const reference = [aadsts, correlationId && `correlation ID ${correlationId}`]
    .filter((part) => part !== undefined).join(", ");
  const prefix = errorPrefix(code, style);
  terminal.writeMessage(prefix + (reference === "" ? message : `${message} (${reference})`));
  const hint = known.hint === undefined ? null : hintText(known.hint, style.verbose);
  if (description !== undefined && !message.includes(description)) {
    const isWanted = style.verbose || namesMore(description, `${message}\n${hint ?? ""}`);
    if (isWanted) terminal.writeMessage(`Details: ${description}`);
  }
  if (hint !== null) terminal.writeMessage(hint);
  if (style.verbose) { for (const line of causeLines(known)) terminal.writeMessage(line); }
  return known.exitCode;
}

/** Returns the prefix of the message. Ctrl-C is not an error, unless another program has called this one. */
function errorPrefix(code: ErrorCode, { isCalled }: ErrorStyle): string {
  if (isCalled) return "entra-auth-cli: error: ";
  return code === "interrupted" ? "" : "error: ";
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
