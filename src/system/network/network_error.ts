import { CliError, type CliErrorOptions } from "../../errors.ts";
import { BODY_PROBLEMS, type Problem, PROBLEMS, tryAgain, UNKNOWN_PROBLEM } from "./network_problems.ts";
import type { Proxy, Route } from "./proxy.ts";
import type { Expired } from "./time_limits.ts";

/** What {@linkcode NetworkError} says besides what every error does. */
export interface NetworkErrorOptions extends CliErrorOptions {
  /** Whether another attempt may fare better. */
  readonly isTransient: boolean;
  /** Whether the server may have received the request, and done what it asks for. */
  readonly mayHaveArrived: boolean;
}

/** An exchange that brought no usable answer. */
export class NetworkError extends CliError {
  /** Whether another attempt may fare better. */
  readonly isTransient: boolean;
  /** Whether the server may have received the request, and done what it asks for. */
  readonly mayHaveArrived: boolean;

  /** Makes an error `network`. */
  constructor(message: string, options: NetworkErrorOptions) {
    super("network", message, options);
    this.isTransient = options.isTransient;
    this.mayHaveArrived = options.mayHaveArrived;
  }
}

/** Where an exchange failed. */
export interface Failure {
  /** What Deno threw. */
  readonly error: unknown;
  /** Host of the URL, with the port where it isn't 443. */
  readonly host: string;
  /** How the host is reached; null where that can't be told. */
  readonly route: Route | null;
  /** Whether the head of the answer was there already. */
  readonly inBody: boolean;
}

/** The error for what Deno threw: `network`, or `permission` when Deno may not reach the host. */
export function networkError({ error, host, route, inBody }: Failure): CliError {
  if (error instanceof CliError) return error;
  // Deno words the cause differently from version to version, so it is looked for in the error and what caused it;
  // without the URL, which can hold any of the words looked for.
  const words = causes(error).join(": ").replaceAll(/(for url )?\(?https?:\/\/\S+/g, "");
  // An address that is denied, once the name is looked up, comes as the cause of another error.
  if (error instanceof Deno.errors.NotCapable || words.includes("Requires net access")) {
    return notPermitted(host);
  }
  const problem = (inBody ? BODY_PROBLEMS : PROBLEMS).find((known) => known.words.test(words)) ??
    UNKNOWN_PROBLEM;
  const { proxy = null, ignored = null } = route ?? {};
  const hint = problem.hint(proxy);
  return new NetworkError(describe(problem, host, proxy), {
    hint: ignored === null ? hint : `${hint}\n${ignoredHint(ignored)}`,
    isTransient: problem.isTransient,
    // By Deno's words the connection was not there yet. Without them the request may be anywhere.
    mayHaveArrived: inBody || !words.includes("(Connect)"),
    cause: new Error(words),
  });
}

/** The error for an answer that did not come in time. */
export function timeoutError(
  host: string,
  { stage, timeoutMs }: Expired,
  route: Route | null,
): NetworkError {
  const proxy = route?.proxy ?? null;
  const what = stage === "connection" ? `No connection to ${host}` : `No answer from ${host}`;
  const seconds = Math.max(0.1, Math.round(timeoutMs / 100) / 10);
  return new NetworkError(`${what} within ${seconds} s${through(proxy)}`, {
    hint: stage === "connection"
      ? "Something on the way drops what is sent: check the network, the firewall, and whether a proxy is needed " +
        "(HTTPS_PROXY)."
      : tryAgain(proxy),
    isTransient: true,
    mayHaveArrived: true,
  });
}

function describe({ about, message }: Problem, host: string, proxy: Proxy | null): string {
  if (about === "host" || (about === "called" && proxy === null)) return message(host, host) + through(proxy);
  return message(proxy === null ? "The proxy" : `The proxy ${proxy.host}`, host);
}

function through(proxy: Proxy | null): string {
  return proxy === null ? "" : ` (through the proxy ${proxy.host})`;
}

/** The error for a host that Deno may not connect to, with the flag to add. */
export function notPermitted(host: string): CliError {
  return new CliError("permission", `This program is not permitted to connect to ${host}`, {
    // The flag replaces the list of the permission set, so it has to name the callback's addresses again.
    hint:
      `Add the Deno flag "--allow-net=${host},127.0.0.1,[::1]". For an executable, see Permissions in the README.`,
  });
}

function ignoredHint(variable: string): string {
  return `${variable} is set, but not used: write it as http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT`;
}

function causes(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...causes(error.cause)] : [];
}
