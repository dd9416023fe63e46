import { CliError, type CliErrorOptions } from "../../errors.ts";
import { systemOs } from "../os.ts";
import { isPermitted, permissionHint } from "../permission.ts";
import type { Proxy, Route } from "./proxy.ts";

export interface NetworkErrorOptions extends CliErrorOptions {
  /** Whether another attempt may succeed. */
  readonly isTransient: boolean;
  /** Whether the server may have received and processed the request. */
  readonly mayHaveArrived: boolean;
  /** The proxy on the way, unless `problem` names it. */
  readonly proxy?: Proxy | null;
}

/** A `network` error: the exchange yielded no usable response. */
export class NetworkError extends CliError {
  /** Whether another attempt may succeed. */
  readonly isTransient: boolean;
  /** Whether the server may have received and processed the request. */
  readonly mayHaveArrived: boolean;
  /** The message without the proxy on the way. */
  readonly problem: string;

  constructor(problem: string, options: NetworkErrorOptions) {
    super("network", problem + through(options.proxy ?? null), options);
    this.problem = problem;
    this.isTransient = options.isTransient;
    this.mayHaveArrived = options.mayHaveArrived;
  }
}

/** A failed exchange. */
export interface Failure {
  /** The error of Deno. */
  readonly error: unknown;
  /** The host of the URL, with the port unless it is 443. */
  readonly host: string;
  /** How Deno reaches the host; null if unknown. */
  readonly route: Route | null;
  /** Whether the head of the response had arrived. */
  readonly inBody: boolean;
}

/** Converts an error of Deno to `network`, or to `permission` if Deno may not reach the host. */
export function networkError({ error, host, route, inBody }: Failure): CliError {
  if (error instanceof CliError) return error;
  // The wording differs between versions of Deno, so all causes are searched, without the URL, which can contain any of
  // the words.
  const text = causes(error).join(": ").replaceAll(/(for url )?\(?https?:\/\/\S+/g, "");
  // An address that is denied after the name lookup arrives as the cause of another error.
  if (error instanceof Deno.errors.NotCapable || text.includes("Requires net access")) {
    return notPermitted(host);
  }
  const problem = (inBody ? BODY_PROBLEMS : PROBLEMS).find((known) => known.pattern.test(text)) ??
    UNKNOWN_PROBLEM;
  const { proxy = null, ignored = null } = route ?? {};
  const hint = problem.hint(proxy);
  return new NetworkError(describe(problem, host, proxy), {
    proxy: isAboutHost(problem, proxy) ? proxy : null,
    hint: ignored === null ? hint : `${hint}\n${ignoredHint(ignored)}`,
    isTransient: problem.isTransient,
    // With "(Connect)" there was no connection yet. Without it the request may have arrived.
    mayHaveArrived: inBody || !text.includes("(Connect)"),
    cause: new Error(text),
  });
}

/** A time limit that expired. */
export interface Timeout {
  /** What did not happen in time. */
  readonly stage: "connection" | "response";
  readonly timeoutMs: number;
}

export function timeoutError(
  host: string,
  { stage, timeoutMs }: Timeout,
  route: Route | null,
): NetworkError {
  const proxy = route?.proxy ?? null;
  const missing = stage === "connection" ? `No connection to ${host}` : `No response from ${host}`;
  const seconds = Math.max(0.1, Math.round(timeoutMs / 100) / 10);
  return new NetworkError(`${missing} within ${seconds} s`, {
    proxy,
    hint: stage === "connection"
      ? "Check the network and the firewall, which may drop packets, and whether a proxy is needed (HTTPS_PROXY)."
      : tryAgain(proxy),
    isTransient: true,
    mayHaveArrived: true,
  });
}

function isAboutHost({ about }: Problem, proxy: Proxy | null): boolean {
  return about === "host" || (about === "peer" && proxy === null);
}

function describe(problem: Problem, host: string, proxy: Proxy | null): string {
  const { message } = problem;
  if (isAboutHost(problem, proxy)) return message(host, host);
  return message(proxy === null ? "The proxy" : `The proxy ${proxy.host}`, host);
}

function through(proxy: Proxy | null): string {
  return proxy === null ? "" : ` (through the proxy ${proxy.host})`;
}

/** Fails if Deno may not connect to the host of `url`, before anything else is done. @throws {CliError} `permission` */
export async function assertPermittedHost({ host, hostname, port }: URL): Promise<void> {
  if (!await isPermitted({ name: "net", host: `${hostname}:${port || "443"}` })) throw notPermitted(host);
}

function notPermitted(host: string): CliError {
  return new CliError("permission", `This program is not permitted to connect to ${host}`, {
    // The flag replaces the list of the permission set, so it must repeat the addresses of the callback.
    hint: Deno.build.standalone
      ? permissionHint({ name: "net", host })
      : `Add the Deno flag "--allow-net=${host},127.0.0.1,[::1]".`,
  });
}

function ignoredHint(variable: string): string {
  return `${variable} is set but ignored: write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT.`;
}

function causes(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...causes(error.cause)] : [];
}

/** A way in which an exchange fails, and its message. */
interface Problem {
  /** Matches the message of Deno. Error numbers are those of the systems: Windows localizes its messages. */
  readonly pattern: RegExp;
  /** The subject of the message: the host, the proxy, or the peer that Deno connects to, which may be either. */
  readonly about: "host" | "proxy" | "peer";
  /** Returns the message about `subject`, for an exchange with `host`. */
  readonly message: (subject: string, host: string) => string;
  readonly hint: (proxy: Proxy | null) => string;
  /** Whether another attempt may succeed. */
  readonly isTransient: boolean;
}

const checkProxy = () => "Check the proxy (HTTPS_PROXY, ALL_PROXY), or bypass it for the host with NO_PROXY.";
const checkRoot = () =>
  "--ca-cert FILE (or ENTRA_AUTH_CLI_CA_CERT) adds the root of a proxy that decrypts traffic in your organization." +
  // Deno ignores a missing file there, and then trusts none of the roots of the system.
  (systemOs === "linux"
    ? "\nIf SSL_CERT_FILE or SSL_CERT_DIR is set, check that it names readable certificates."
    : "");
const checkClock = () => "Check the date and time of this machine.";
/** For a response that the sign-in service would not send. */
export const checkProxyHint = (): string =>
  "Check the proxy: another server may respond in place of the sign-in service.";
/** For a problem that may be temporary. */
const tryAgain = (proxy: Proxy | null): string =>
  proxy === null
    ? "Check the connection and the proxy (HTTPS_PROXY), then try again."
    : "Check the connection and the proxy (HTTPS_PROXY, NO_PROXY), then try again.";

/** Failures before the head of the response arrives. The first match applies. */
const PROBLEMS: readonly Problem[] = [
  {
    pattern: /proxy authentication required|No acceptable auth methods|Password authentication failed/,
    about: "proxy",
    message: (subject) => `${subject} requires a valid user name and password`,
    hint: (proxy) =>
      proxy?.hasUser
        ? "Check the user name and password in HTTPS_PROXY. Escape special characters in them, as in %40 for @."
        : "Set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT.",
    isTransient: false,
  },
  {
    pattern: /unsuccessful tunnel|proxy headers too long|not allowed by ruleset|SOCKS server failure/,
    about: "proxy",
    message: (subject, host) => `${subject} refused to connect to ${host}`,
    hint: () => "Ask the administrator of the proxy to allow this host, or bypass the proxy with NO_PROXY.",
    isTransient: false,
  },
  {
    pattern: /eof while tunneling/,
    about: "proxy",
    message: (subject) => `${subject} closed the connection`,
    hint: checkProxy,
    isTransient: true,
  },
  {
    pattern: /Invalid response version|Unknown auth method/,
    about: "proxy",
    message: (subject) => `${subject} sent an invalid SOCKS response`,
    hint: checkProxy,
    isTransient: false,
  },
  {
    pattern: /Proxy server unreachable/,
    about: "proxy",
    message: (subject) => `${subject} could not be reached`,
    hint: checkProxy,
    isTransient: true,
  },
  {
    pattern: /certificate expired/,
    about: "host",
    message: (subject) => `The TLS certificate of ${subject} has expired`,
    hint: checkClock,
    isTransient: false,
  },
  {
    pattern: /certificate not valid yet/,
    about: "host",
    message: (subject) => `The TLS certificate of ${subject} is not yet valid`,
    hint: checkClock,
    isTransient: false,
  },
  {
    pattern: /certificate not valid for name/,
    about: "host",
    message: (subject) => `The TLS certificate of ${subject} is for another host name`,
    hint: checkProxyHint,
    isTransient: false,
  },
  {
    pattern: /UnknownIssuer/,
    about: "host",
    message: (subject) => `The TLS certificate of ${subject} is not trusted`,
    hint: checkRoot,
    isTransient: false,
  },
  {
    pattern: /certificate/i,
    about: "host",
    message: (subject) => `The TLS certificate of ${subject} is invalid`,
    hint: checkRoot,
    isTransient: false,
  },
  {
    pattern: /ProtocolVersion|DoesNotSupportTls|TlsVersion/,
    about: "host",
    message: (subject) => `${subject} supports neither TLS 1.2 nor TLS 1.3`,
    hint: checkProxyHint,
    isTransient: false,
  },
  {
    pattern: /handshake eof/,
    about: "host",
    message: (subject) => `${subject} closed the connection during the TLS handshake`,
    hint: tryAgain,
    isTransient: true,
  },
  {
    pattern:
      /close_notify|closed before|error received|reset|broken pipe|os error (104|54|32|10053|10054)\b|eof|end of file/i,
    about: "host",
    message: (subject) => `${subject} closed the connection before it responded`,
    hint: tryAgain,
    isTransient: true,
  },
  {
    pattern: /\btls\b|\bssl\b|fatal alert|corrupt message|peer (is|misbehaved)/i,
    about: "host",
    message: (subject) => `${subject} sent an invalid TLS response`,
    hint: checkProxyHint,
    isTransient: false,
  },
  {
    pattern: /dns|lookup|resolve|getaddrinfo/i,
    about: "peer",
    message: (subject) => `Could not resolve the address of ${subject.replace(/^T/, "t")}`,
    hint: (proxy) =>
      proxy === null ? "Check the connection, the host name and the proxy (HTTPS_PROXY)." : checkProxy(),
    isTransient: true,
  },
  {
    pattern: /refused|os error (111|61|10061)\b/i,
    about: "peer",
    message: (subject) => `${subject} refused the connection`,
    hint: (proxy) =>
      proxy === null ? "Check the address, the firewall and the proxy (HTTPS_PROXY)." : checkProxy(),
    isTransient: true,
  },
  {
    pattern:
      /unreachable|no route|timed out|os error (100|101|110|113|50|51|60|64|65|10050|10051|10060|10064|10065)\b/i,
    about: "peer",
    message: (subject) => `No network route to ${subject.replace(/^T/, "t")}`,
    hint: () => "Check the network, the VPN, the firewall and the proxy (HTTPS_PROXY).",
    isTransient: true,
  },
  {
    pattern: /head is too large|header|too_many_continuations/i,
    about: "host",
    message: (subject) => `The response headers from ${subject} are too large`,
    hint: checkProxyHint,
    isTransient: false,
  },
  {
    pattern: /\bparse|invalid|version|error detected/i,
    about: "host",
    message: (subject) => `${subject} sent an invalid HTTP response`,
    hint: checkProxyHint,
    isTransient: false,
  },
];

/** Failures while the body is read. */
const BODY_PROBLEMS: readonly Problem[] = [
  {
    pattern: /reading a body|close_notify|reset|closed|os error/i,
    about: "host",
    message: (subject) => `The response from ${subject} is incomplete`,
    hint: tryAgain,
    isTransient: true,
  },
  {
    pattern: /./,
    about: "host",
    message: (subject) => `The response from ${subject} could not be decompressed`,
    hint: checkProxyHint,
    isTransient: false,
  },
];

const UNKNOWN_PROBLEM: Problem = {
  pattern: /./,
  about: "peer",
  message: (subject) => `${subject} could not be reached`,
  hint: tryAgain,
  isTransient: true,
};
