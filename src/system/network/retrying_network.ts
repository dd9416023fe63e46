import { CliError } from "../../errors.ts";
import { retryAfterMs, tryAgainIn } from "../../text/retry_after.ts";
import type { Clock } from "../clock.ts";
import type { HttpRequest, HttpResponse, Network, Repeat } from "./network.ts";
import { NetworkError } from "./network_error.ts";
import type { ThrottleState } from "./throttle_state.ts";

/** What {@linkcode retryingNetwork} needs. */
export interface RetryingNetworkOptions {
  /** The network itself. */
  readonly network: Network;
  /** Measures the waits. */
  readonly clock: Clock;
  /** What hosts asked for. */
  readonly pauses: ThrottleState;
  /** Hears of a wait that a host asked for, in milliseconds. */
  readonly onPause: (host: string, ms: number) => void;
  /** A number from 0 to 1, which parts those who failed at the same moment. `Math.random` by default. */
  readonly random?: () => number;
}

/** So often a request is sent at most. */
const ATTEMPTS = 3;
/** The longest that one attempt takes, in milliseconds, however much time there is for all of them. */
const MAX_ATTEMPT_MS = 30_000;
/** The wait after the first attempt, in milliseconds; each later one is twice as long. */
const FIRST_WAIT_MS = 500;
/** What has to be left for an answer when a wait is over, in milliseconds. */
const ANSWER_MS = 1000;

/**
 * A network that sends a request again, after a wait, where that can do no harm (see `HttpRequest.repeat`) and the
 * request's time allows it, and that waits as long as a host asks for by `Retry-After`. The last answer is handed on
 * whatever its status.
 *
 * A refresh is never sent again when its answer was lost: it may have used the refresh token up. Entra would not mind,
 * but an authority that gives each refresh token out once can take its second use for a theft, and withdraw the access
 * token that is still good too. An answer of the server's that it failed (5xx), or is too busy (429), says that nothing
 * was given out.
 */
export function retryingNetwork(options: RetryingNetworkOptions): Network {
  const { network, clock, pauses, onPause, random = Math.random } = options;
  return {
    async send(request) {
      const { repeat = "never", signal } = request;
      const { host } = new URL(request.url);
      const endMs = clock.monotonic() + request.timeoutMs;
      const timeLeft = () => endMs - clock.monotonic();
      const allows = (waitMs: number) => repeat !== "never" && waitMs + ANSWER_MS <= timeLeft();
      const pause = async (ms: number) => {
        onPause(host, ms);
        await clock.wait(ms, signal);
      };

      const rest = request.obeysThrottle ? (await pauses.until(host) ?? 0) - clock.now() : 0;
      if (rest > 0) {
        if (!allows(rest)) throw throttledError(host, rest, clock.now());
        await pause(rest);
      }
      for (let attempt = 1;; attempt++) {
        const backOffMs = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + random() / 2);
        const outcome = await attemptOnce(network, request, Math.min(timeLeft(), MAX_ATTEMPT_MS));
        const askedMs = "response" in outcome ? askedPause(outcome.response, clock.now()) : null;
        if (askedMs !== null) await pauses.remember(host, clock.now() + askedMs);
        if (attempt === ATTEMPTS || !isRepeatable(outcome, repeat) || !allows(askedMs ?? backOffMs)) {
          if ("response" in outcome) return outcome.response;
          throw outcome.error;
        }
        if (askedMs === null) await clock.wait(backOffMs, signal);
        else await pause(askedMs);
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

function isRepeatable(outcome: Outcome, repeat: Repeat): boolean {
  if (repeat === "never") return false;
  if ("response" in outcome) return outcome.response.status === 429 || outcome.response.status >= 500;
  const { error } = outcome;
  if (!(error instanceof NetworkError) || !error.isTransient) return false;
  return repeat === "always" || !error.mayHaveArrived;
}

/** Of an answer that is about being too busy. (RFC 9110 also has the header say other things.) */
function askedPause({ status, headers }: HttpResponse, nowMs: number): number | null {
  return status === 429 || status === 503 ? retryAfterMs(headers, nowMs) : null;
}

function throttledError(host: string, ms: number, nowMs: number): CliError {
  return new CliError("network", `${host} asked for a pause, which is not over yet`, {
    hint: tryAgainIn(ms, nowMs),
  });
}
