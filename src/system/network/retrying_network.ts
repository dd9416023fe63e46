import { CliError } from "../../errors.ts";
import { retryAfterMs, tryAgainIn } from "../../text/retry_after.ts";
import type { Clock } from "../clock.ts";
import type { HttpRequest, HttpResponse, Network, RetryPolicy } from "./network.ts";
import { NetworkError } from "./network_error.ts";
import type { ThrottleState } from "./throttle_state.ts";

export interface RetryingNetworkOptions {
  /** The network that sends each attempt. */
  readonly network: Network;
  readonly clock: Clock;
  readonly throttle: ThrottleState;
  /** Reports a wait, in milliseconds, that a host requires. */
  readonly onPause: (host: string, ms: number) => void;
  /** Returns a number from 0 to 1 for the jitter of a wait. Default: `Math.random`. */
  readonly random?: () => number;
}

const MAX_ATTEMPTS = 3;
/** The time limit of one attempt, however much time there is for all of them. */
const MAX_ATTEMPT_MS = 30_000;
/** The wait after the first attempt. Each later one is twice as long. */
const FIRST_WAIT_MS = 500;
/** The pause after the last attempt if a host fails without naming one. */
const DEFAULT_PAUSE_MS = 60_000;
/** The time that must remain for a response after a wait. */
const RESPONSE_MS = 1000;

/**
 * Returns a network that sends a request again after a wait, as far as `HttpRequest.retry` and the time limit of the
 * request allow, and that waits as long as a host requires by `Retry-After`. The last response is returned whatever its
 * status.
 *
 * A refresh whose response was lost is never sent again, since it may have used up the refresh token. Entra would accept
 * it, but an authority with single-use refresh tokens can treat a second use as theft and revoke the valid access token
 * too (RFC 9700 section 4.14.2). A 429 or 5xx says that no token was issued.
 */
export function retryingNetwork(options: RetryingNetworkOptions): Network {
  const { network, clock, throttle, onPause, random = Math.random } = options;
  return {
    async send(request) {
      const { retry = "never", signal } = request;
      const { host } = new URL(request.url);
      const endMs = clock.monotonic() + request.timeoutMs;
      const timeLeft = () => endMs - clock.monotonic();
      const allows = (waitMs: number) => retry !== "never" && waitMs + RESPONSE_MS <= timeLeft();
      const pause = async (ms: number) => {
        onPause(host, ms);
        await clock.wait(ms, signal);
      };

      const throttledMs = request.obeysThrottle ? (await throttle.until(host) ?? 0) - clock.now() : 0;
      if (throttledMs > 0) {
        if (!allows(throttledMs)) throw throttledError(host, throttledMs, clock.now());
        await pause(throttledMs);
      }
      for (let attempt = 1;; attempt++) {
        const backoffMs = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + random() / 2);
        const outcome = await attemptOnce(network, request, Math.min(timeLeft(), MAX_ATTEMPT_MS));
        const requiredMs = "response" in outcome ? requiredPause(outcome.response, clock.now()) : null;
        if (requiredMs !== null) await throttle.remember(host, clock.now() + requiredMs);
        if (attempt === MAX_ATTEMPTS || !mayRetry(outcome, retry) || !allows(requiredMs ?? backoffMs)) {
          if (!("response" in outcome)) throw outcome.error;
          if (request.backsOff && requiredMs === null && hasFailed(outcome.response)) {
            await throttle.remember(host, clock.now() + DEFAULT_PAUSE_MS);
          }
          return outcome.response;
        }
        if (requiredMs === null) await clock.wait(backoffMs, signal);
        else await pause(requiredMs);
      }
    },
  };
}

type Outcome = { readonly response: HttpResponse } | { readonly error: unknown };

async function attemptOnce(network: Network, request: HttpRequest, timeoutMs: number): Promise<Outcome> {
  try {
    return { response: await network.send({ ...request, timeoutMs }) };
  } catch (error) {
    return { error };
  }
}

function mayRetry(outcome: Outcome, retry: RetryPolicy): boolean {
  if (retry === "never") return false;
  if ("response" in outcome) return hasFailed(outcome.response);
  const { error } = outcome;
  if (!(error instanceof NetworkError) || !error.isTransient) return false;
  return retry === "always" || !error.mayHaveArrived;
}

function hasFailed({ status }: HttpResponse): boolean {
  return status === 429 || status >= 500;
}

/** Returns the pause that a throttling response requires. RFC 9110 allows `Retry-After` on other responses too. */
function requiredPause({ status, headers }: HttpResponse, nowMs: number): number | null {
  return status === 429 || status === 503 ? retryAfterMs(headers, nowMs) : null;
}

function throttledError(host: string, ms: number, nowMs: number): CliError {
  return new CliError("network", `${host} is throttling requests`, { hint: tryAgainIn(ms, nowMs) });
}
