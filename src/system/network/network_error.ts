import { CliError, type CliErrorOptions } from "../../errors.ts";
import type { Proxy, Route } from "./proxy.ts";

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

/** What ran out of time. */
export interface Expired {
  /** What was waited for. */
  readonly stage: "connection" | "answer";
  /** How long, in milliseconds. */
  readonly timeoutMs: number;
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

/** One way in which an exchange fails, and how it is said. */
interface Problem {
  /** What Deno says. Numbers are the systems' own, for Windows speaks the user's language. */
  readonly words: RegExp;
  /** Whom it is about: the host, the proxy, or whoever of the two was called. */
  readonly about: "host" | "proxy" | "called";
  /** What happened to `who`, whom it is about, on the way to `host`. */
  readonly message: (who: string, host: string) => string;
  /** What to do next. */
  readonly hint: (proxy: Proxy | null) => string;
  /** Whether another attempt may fare better. */
  readonly isTransient: boolean;
}

const checkProxy = () => "Check the proxy (HTTPS_PROXY, ALL_PROXY), or name the host in NO_PROXY.";
const checkRoot = () =>
  "If a proxy of your organization re-signs traffic, name its root with --ca-cert FILE (or " +
  "ENTRA_AUTH_CLI_CA_CERT).";
const checkClock = () => "Check the date and time of this machine.";
const somebodyElse = () =>
  "Something between this machine and the sign-in service may answer in its place. Check the proxy.";
/** For what may be over in a moment. */
const tryAgain = (proxy: Proxy | null): string =>
  proxy === null
    ? "Check the connection and the proxy (HTTPS_PROXY), then try again."
    : "Check the connection and the proxy (HTTPS_PROXY, NO_PROXY), then try again.";

/** What fails before the head of the answer is there. The first whose words fit is meant. */
const PROBLEMS: readonly Problem[] = [
  {
    words: /proxy authentication required|No acceptable auth methods|Password authentication failed/,
    about: "proxy",
    message: (who) => `${who} asks for another user name and password`,
    hint: (proxy) =>
      proxy?.hasUser
        ? "Check the user name and password in HTTPS_PROXY. Special characters in them are written as %40 and the like."
        : "Put them into the variable: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
    isTransient: false,
  },
  {
    words: /unsuccessful tunnel|proxy headers too long|not allowed by ruleset|SOCKS server failure/,
    about: "proxy",
    message: (who, host) => `${who} refused to connect to ${host}`,
    hint: () =>
      "Ask who runs the proxy to let this host pass, or name it in NO_PROXY to go around the proxy.",
    isTransient: false,
  },
  {
    words: /eof while tunneling/,
    about: "proxy",
    message: (who) => `${who} broke off the connection`,
    hint: checkProxy,
    isTransient: true,
  },
  {
    words: /Invalid response version|Unknown auth method/,
    about: "proxy",
    message: (who) => `${who} did not answer as a SOCKS proxy should`,
    hint: checkProxy,
    isTransient: false,
  },
  {
    words: /Proxy server unreachable/,
    about: "proxy",
    message: (who) => `${who} could not be reached`,
    hint: checkProxy,
    isTransient: true,
  },
  {
    words: /certificate expired/,
    about: "host",
    message: (who) => `The TLS certificate of ${who} has expired`,
    hint: checkClock,
    isTransient: false,
  },
  {
    words: /certificate not valid yet/,
    about: "host",
    message: (who) => `The TLS certificate of ${who} is not valid yet`,
    hint: checkClock,
    isTransient: false,
  },
  {
    words: /certificate not valid for name/,
    about: "host",
    message: (who) => `The TLS certificate of ${who} is for another name`,
    hint: somebodyElse,
    isTransient: false,
  },
  {
    words: /UnknownIssuer/,
    about: "host",
    message: (who) => `The TLS certificate of ${who} is not trusted`,
    hint: checkRoot,
    isTransient: false,
  },
  {
    words: /certificate/i,
    about: "host",
    message: (who) => `The TLS certificate of ${who} can't be accepted`,
    hint: checkRoot,
    isTransient: false,
  },
  {
    words: /ProtocolVersion|DoesNotSupportTls|TlsVersion/,
    about: "host",
    message: (who) => `${who} speaks neither TLS 1.2 nor TLS 1.3`,
    hint: somebodyElse,
    isTransient: false,
  },
  {
    words: /handshake eof/,
    about: "host",
    message: (who) => `${who} broke off the connection before TLS began`,
    hint: tryAgain,
    isTransient: true,
  },
  {
    words:
      /close_notify|closed before|error received|reset|broken pipe|os error (104|54|32|10053|10054)\b|eof|end of file/i,
    about: "host",
    message: (who) => `${who} broke off the connection before it answered`,
    hint: tryAgain,
    isTransient: true,
  },
  {
    words: /\btls\b|\bssl\b|fatal alert|corrupt message|peer (is|misbehaved)/i,
    about: "host",
    message: (who) => `${who} did not answer in TLS as it should`,
    hint: somebodyElse,
    isTransient: false,
  },
  {
    words: /dns|lookup|resolve|getaddrinfo/i,
    about: "called",
    message: (who) => `The address of ${who.replace(/^T/, "t")} could not be found`,
    hint: (proxy) =>
      proxy === null ? "Check the connection, the name and the proxy (HTTPS_PROXY)." : checkProxy(),
    isTransient: true,
  },
  {
    words: /refused|os error (111|61|10061)\b/i,
    about: "called",
    message: (who) => `${who} refused the connection`,
    hint: (proxy) =>
      proxy === null ? "Check the address, the firewall and the proxy (HTTPS_PROXY)." : checkProxy(),
    isTransient: true,
  },
  {
    words:
      /unreachable|no route|timed out|os error (100|101|110|113|50|51|60|64|65|10050|10051|10060|10064|10065)\b/i,
    about: "called",
    message: (who) => `There is no way from this machine to ${who.replace(/^T/, "t")}`,
    hint: () => "Check the connection: the network, a VPN, the firewall, the proxy (HTTPS_PROXY).",
    isTransient: true,
  },
  {
    words: /head is too large|header|too_many_continuations/i,
    about: "host",
    message: (who) => `The answer from ${who} has a header that is too large`,
    hint: somebodyElse,
    isTransient: false,
  },
  {
    words: /\bparse|invalid|version|error detected/i,
    about: "host",
    message: (who) => `${who} did not answer in HTTP as it should`,
    hint: somebodyElse,
    isTransient: false,
  },
];

/** What fails while the body is read. */
const BODY_PROBLEMS: readonly Problem[] = [
  {
    words: /reading a body|close_notify|reset|closed|os error/i,
    about: "host",
    message: (who) => `The answer from ${who} breaks off`,
    hint: tryAgain,
    isTransient: true,
  },
  {
    words: /./,
    about: "host",
    message: (who) => `The answer from ${who} can't be unpacked`,
    hint: somebodyElse,
    isTransient: false,
  },
];

/** What none of the others is. */
const UNKNOWN_PROBLEM: Problem = {
  words: /./,
  about: "called",
  message: (who) => `${who} could not be reached`,
  hint: tryAgain,
  isTransient: true,
};
