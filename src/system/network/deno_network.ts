import { concat } from "@std/bytes/concat";
import { CliError } from "../../errors.ts";
import { type Environment, systemEnvironment } from "../environment.ts";
import { startTimer } from "../timer.ts";
import type { HttpRequest, HttpResponse, Network } from "./network.ts";
import { checkProxyHint, NetworkError, networkError, type Timeout, timeoutError } from "./network_error.ts";
import { findRouteIfReadable } from "./proxy.ts";
import { createTrustingClient } from "./root_certificates.ts";

/** The time limit of connecting. Lost packets are sent again after 1, 3 and 7 seconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Returns the network of this machine. Deno's `fetch` applies the proxy variables: see `findRoute()`.
 *
 * @param extraRoots Certificates (PEM) to trust in addition to the roots of the machine.
 * @param env Names the proxy in errors.
 */
export function systemNetwork(
  extraRoots: readonly string[] = [],
  env: Environment = systemEnvironment,
): Network {
  return {
    send: (request) => sendRequest(request, extraRoots, env),
  };
}

async function sendRequest(
  request: HttpRequest,
  extraRoots: readonly string[],
  env: Environment,
): Promise<HttpResponse> {
  const url = new URL(request.url);
  assertValidHeaders(request.headers, url.host);
  using client = createTrustingClient(extraRoots);
  using limits = startTimeLimits(url, request, env);
  let inBody = false;
  try {
    const response = await fetch(request.url, {
      client,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      redirect: "manual",
      signal: AbortSignal.any([limits.signal, request.signal]),
    });
    inBody = true;
    limits.connected();
    const body = await readBody(response.body ?? [], request.maxBytes, url.host);
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  } catch (error) {
    request.signal.throwIfAborted();
    const route = findRouteIfReadable(url, env);
    if (limits.expired !== null) throw timeoutError(url.host, limits.expired, route);
    throw networkError({ error, host: url.host, route, inBody });
  }
}

/**
 * Checks that every header can be sent to `host`. The error of Deno would quote the value, which may be a secret that was
 * pasted with a line break.
 *
 * @throws {CliError} `usage` with the name of the header, not its value.
 */
export function assertValidHeaders(headers: Readonly<Record<string, string>>, host: string): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch {
      throw new CliError(
        "usage",
        `Invalid value of the header "${name}" for ${host}: it contains characters that HTTP does not allow`,
        { hint: "Check the variable or file that it comes from for a line break." },
      );
    }
  }
}

/**
 * Reads the whole response body of `host`.
 *
 * @throws {NetworkError} If it is larger than `maxBytes`.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
  host: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new NetworkError(`The response from ${host} is larger than ${maxBytes} bytes`, {
        hint: checkProxyHint(),
        isTransient: false,
        mayHaveArrived: true,
      });
    }
    chunks.push(chunk);
  }
  return concat(chunks);
}

/** The time limits of one exchange. */
interface TimeLimits extends Disposable {
  /** Aborted when a limit expires. */
  readonly signal: AbortSignal;
  /** The limit that expired, if any. */
  readonly expired: Timeout | null;
  /** Ends the limit of connecting. */
  connected(): void;
}

/**
 * Starts the time limits of one exchange.
 *
 * Deno has no time limit for connecting and does not report when a connection is established. If no response has begun
 * after half of the limit, a second connection is tried; if that one is not established in time either, the limit
 * expires.
 */
function startTimeLimits(url: URL, request: HttpRequest, env: Environment): TimeLimits {
  const { timeoutMs } = request;
  const connectMs = Math.min(request.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, timeoutMs);
  const time = new AbortController();
  const probe = new AbortController();
  let expired: Timeout | null = null;
  let probing: "not started" | "connecting" | "settled" = "not started";
  const expire = (stage: Timeout["stage"], ms: number) => {
    expired ??= { stage, timeoutMs: ms };
    time.abort();
  };
  const probeTimer = startTimer(connectMs / 2, async () => {
    probing = "connecting";
    await probeConnection(url, env, probe.signal);
    probing = "settled";
  });
  const connectTimer = startTimer(connectMs, () => {
    if (probing === "connecting") expire("connection", connectMs);
  });
  const timer = startTimer(timeoutMs, () => expire("response", timeoutMs));
  const connected = () => {
    probeTimer[Symbol.dispose]();
    connectTimer[Symbol.dispose]();
    probe.abort();
  };
  return {
    signal: time.signal,
    get expired() {
      return expired;
    },
    connected,
    [Symbol.dispose]() {
      connected();
      timer[Symbol.dispose]();
    },
  };
}

/** Settles when the host accepts or refuses a connection, when probing is impossible, or when `signal` is aborted. */
async function probeConnection(url: URL, env: Environment, signal: AbortSignal): Promise<void> {
  const route = findRouteIfReadable(url, env);
  // A proxy connects on its own, and Deno's permission covers only the host.
  if (route === null || route.proxy !== null) return;
  try {
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const connection = await Deno.connect({ hostname, port: Number(url.port || 443), signal });
    connection.close();
  } catch {
    // Refused or not permitted: the exchange fails the same way and reports it.
  }
}
