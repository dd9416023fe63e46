import { abortable } from "@std/async/abortable";
import { deadline } from "@std/async/deadline";
import type { Os } from "../system/os.ts";
import { admitRequest, readForm } from "./callback_request.ts";
import { type CallbackTraffic, describeTraffic, noTraffic, type TrafficFault } from "./callback_traffic.ts";
import { listenOnLoopback, type PortChoice } from "./listen_on_loopback.ts";
import {
  brokenPage,
  finishedPage,
  outcomePage,
  type PageOutcome,
  type PageResponse,
  preparePageResponse,
  refusedRequestPage,
  unfinishedPage,
  waitingPage,
} from "./pages.ts";
import { type AuthorizationResponse, type ExpectedCallback, validateCallback } from "./validate_callback.ts";

/**
 * Listens on this machine for the browser that comes back from the sign-in. Disposing of it lets a page that is on its
 * way go out, then frees the port, within about a second whatever the clients do.
 */
export interface CallbackServer extends AsyncDisposable {
  /** The port that is listened on. */
  readonly port: number;
  /**
   * `http://localhost:PORT`. Entra takes any port for a registered `http://localhost`, and for that name only; the page
   * on redirect URI restrictions says so ("Localhost exceptions").
   */
  readonly redirectUri: string;
  /** What has reached the listener so far. */
  readonly traffic: Readonly<CallbackTraffic>;
  /** The same in a sentence. */
  describeTraffic(): string;
  /**
   * Waits for the callback, which may have come already. Rejects with the reason of `signal` when it is aborted, and with
   * an `AbortError` when the server is disposed of.
   */
  waitForCallback(signal: AbortSignal): Promise<Callback>;
}

/**
 * Starts a server that takes exactly one callback: the first one that `expected` fits. Whatever else comes gets an error
 * page and changes nothing. `os` only chooses the commands that an error names.
 *
 * @throws {CliError} `port_in_use` when no port of `ports` is free, `permission` when Deno may not listen, `network` when
 * the machine has no loopback address.
 */
export async function listenForCallback(
  ports: PortChoice,
  expected: ExpectedCallback,
  os: Os = Deno.build.os === "windows" ? "windows" : "linux",
): Promise<CallbackServer> {
  const respond = await preparePageResponse();
  const receiver = new CallbackReceiver(expected, respond);
  const listener = listenOnLoopback(ports, {
    handle: (request, port) => receiver.receive(request, port),
    handleFailure: () => respond(500, brokenPage()),
    traffic: receiver.traffic,
    os,
  });
  return {
    port: listener.port,
    redirectUri: `http://localhost:${listener.port}`,
    traffic: receiver.traffic,
    describeTraffic: () => describeTraffic(receiver.traffic),
    waitForCallback: (signal) => receiver.wait(signal),
    [Symbol.asyncDispose]: async () => {
      receiver.close();
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** The callback of this sign-in. */
export interface Callback {
  /** The authority's answer, which fits this sign-in. */
  readonly response: AuthorizationResponse;
  /**
   * Shows the outcome in the browser, whose page is held until then: for ten seconds at most, and not beyond the end of
   * the server. Further calls change nothing.
   */
  answer(outcome: PageOutcome): void;
}

const MAX_BODY_BYTES = 64 * 1024;
const BODY_TIMEOUT_MS = 5_000;
const HOLD_MS = 10_000;

/** Answers the requests that reach the callback server, and finds the one that is the callback. */
export class CallbackReceiver {
  /** What has come so far. */
  readonly traffic: CallbackTraffic = noTraffic();
  readonly #expected: ExpectedCallback;
  readonly #respond: PageResponse;
  readonly #arrival = Promise.withResolvers<Callback>();
  readonly #closing = new AbortController();
  #isStateUsed = false;

  /** Makes a receiver for the callback that `expected` describes. */
  constructor(expected: ExpectedCallback, respond: PageResponse) {
    this.#expected = expected;
    this.#respond = respond;
  }

  /** Waits for the callback. Rejects with the signal's reason, or with an `AbortError` once the receiver is closed. */
  async wait(signal: AbortSignal): Promise<Callback> {
    return await abortable(this.#arrival.promise, AbortSignal.any([signal, this.#closing.signal]));
  }

  /** Answers one request that came in on `port`. */
  async receive(request: Request, port: number): Promise<Response> {
    this.traffic.requests++;
    const admission = admitRequest(request, port);
    switch (admission.kind) {
      case "refused":
        return this.#refuse(admission.status, admission.fault);
      case "icon":
        return this.#respond(204, null);
      case "visit":
        return this.#respond(200, this.#isStateUsed ? finishedPage() : waitingPage());
      case "query":
        return await this.#judge(admission.parameters);
      case "form":
        return await this.#receiveForm(request);
    }
  }

  /** Ends all waiting: held pages go out as they are, bodies that are still being sent are not waited for. */
  close(): void {
    this.#closing.abort(new DOMException("The callback server was closed", "AbortError"));
  }

  async #receiveForm(request: Request): Promise<Response> {
    const signal = this.#closing.signal;
    const body = await readForm(request, { maxBytes: MAX_BODY_BYTES, timeoutMs: BODY_TIMEOUT_MS, signal });
    return body.kind === "text" ? await this.#judge(body.text) : this.#refuse(body.status, "malformed");
  }

  async #judge(parameters: string): Promise<Response> {
    if (this.#isStateUsed) return this.#respond(410, finishedPage());
    const verdict = validateCallback(parameters, this.#expected);
    if (verdict.kind === "rejected") return this.#refuse(400, verdict.fault);
    this.#isStateUsed = true;
    const outcome = Promise.withResolvers<PageOutcome>();
    this.#arrival.resolve({ response: verdict.response, answer: outcome.resolve });
    return await this.#showOutcome(outcome.promise);
  }

  async #showOutcome(outcome: Promise<PageOutcome>): Promise<Response> {
    try {
      return this.#respond(
        200,
        outcomePage(await deadline(outcome, HOLD_MS, { signal: this.#closing.signal })),
      );
    } catch {
      // The promise itself never rejects: this is the end of the hold, or of the server.
      return this.#respond(200, unfinishedPage());
    }
  }

  #refuse(status: number, fault: TrafficFault): Response {
    this.traffic[fault]++;
    return this.#respond(status, refusedRequestPage(fault));
  }
}
