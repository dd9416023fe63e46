import { CliError } from "../../errors.ts";
import { type Environment, systemEnvironment } from "../environment.ts";
import type { HttpRequest, HttpResponse, Network } from "./network.ts";
import { type Expired, NetworkError, networkError, timeoutError } from "./network_error.ts";
import { findRouteIfReadable } from "./proxy.ts";
import { createTrustingClient } from "./root_certificates.ts";

/**
 * The machine's network. It honours the proxy variables as Deno does: see `findRoute()`.
 *
 * @param extraRoots Certificates in PEM that are trusted besides the machine's own.
 * @param env Read when something fails, to name the proxy.
 */
export function systemNetwork(
  extraRoots: readonly string[] = [],
  env: Environment = systemEnvironment,
): Network {
  return {
    send: (request) => sendRequest(request, extraRoots, env),
  };
}

/** Sends one request with Deno's `fetch`, and reads the whole answer: see `Network.send()`, which names the errors. */
async function sendRequest(
  request: HttpRequest,
  extraRoots: readonly string[],
  env: Environment,
): Promise<HttpResponse> {
  const url = new URL(request.url);
  checkHeaders(request.headers, url.host);
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
 * Checks that every value of `headers` can be sent to `host`. Deno would say so too, and quote the value, which may be a
 * secret that somebody pasted with a line break in it.
 *
 * @throws {CliError} `usage`, with the name of the header and not its value.
 */
export function checkHeaders(headers: Readonly<Record<string, string>>, host: string): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch {
      throw new CliError(
        "usage",
        `What ${host} is to be sent as '${name}' holds characters that can't be sent`,
        {
          hint: "A variable may have been set with a line break in it. Set it again.",
        },
      );
    }
  }
}

/**
 * Reads a body from `host` whole, and no more than `maxBytes` bytes.
 *
 * @throws {NetworkError} For a body that is larger; and what reading it throws.
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
      throw new NetworkError(`The answer from ${host} is larger than ${maxBytes} bytes`, {
        hint: "Something between this machine and the sign-in service answers in its place. Check the proxy.",
        isTransient: false,
        mayHaveArrived: true,
      });
    }
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** For a connection; packets that are lost on the way are sent again after 1, 3 and 7 seconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** The time limits of one exchange. */
interface TimeLimits extends Disposable {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** What ran out of time, if anything did. */
  readonly expired: Expired | null;
  /** To be called when an answer begins to come. */
  connected(): void;
}

/**
 * Starts the clock of one exchange, until disposed.
 *
 * Deno has no time limit for a connection, and doesn't say when there is one. So when nothing has come after half of
 * the time for it, another connection is tried beside the first: if that one isn't there in time either, none is.
 */
function startTimeLimits(url: URL, request: HttpRequest, env: Environment): TimeLimits {
  const { timeoutMs } = request;
  const connectMs = Math.min(request.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, timeoutMs);
  const time = new AbortController();
  const probe = new AbortController();
  let expired: Expired | null = null;
  let connects: "untried" | "trying" | "settled" = "untried";
  const expire = (stage: Expired["stage"], ms: number) => {
    expired ??= { stage, timeoutMs: ms };
    time.abort();
  };
  const tryTimer = setTimeout(async () => {
    connects = "trying";
    await settleConnection(url, env, probe.signal);
    connects = "settled";
  }, connectMs / 2);
  const connectTimer = setTimeout(() => {
    if (connects === "trying") expire("connection", connectMs);
  }, connectMs);
  const timer = setTimeout(() => expire("answer", timeoutMs), timeoutMs);
  const connected = () => {
    clearTimeout(tryTimer);
    clearTimeout(connectTimer);
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
      clearTimeout(timer);
    },
  };
}

/** Settles when the host takes a connection, when that can't be found out, or when `signal` says so. */
async function settleConnection(url: URL, env: Environment, signal: AbortSignal): Promise<void> {
  const route = findRouteIfReadable(url, env);
  // A proxy makes the connection itself, and Deno's permission is for the host alone.
  if (route === null || route.proxy !== null) return;
  try {
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const connection = await Deno.connect({ hostname, port: Number(url.port || 443), signal });
    connection.close();
  } catch {
    // Refused, or not permitted: the exchange itself meets the same and says so.
  }
}
