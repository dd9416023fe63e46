import type { Environment } from "../environment.ts";
import type { HttpRequest } from "./network.ts";
import { findRouteIfReadable } from "./proxy.ts";

/** For a connection; packets that are lost on the way are sent again after 1, 3 and 7 seconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** What ran out of time. */
export interface Expired {
  /** What was waited for. */
  readonly stage: "connection" | "answer";
  /** How long, in milliseconds. */
  readonly timeoutMs: number;
}

/** The time limits of one exchange. */
export interface TimeLimits extends Disposable {
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
export function startTimeLimits(url: URL, request: HttpRequest, env: Environment): TimeLimits {
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
