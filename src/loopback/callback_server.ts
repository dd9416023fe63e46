import { abortable } from "@std/async/abortable";
import { deadline } from "@std/async/deadline";
import type { ConnectionCheck } from "../system/network/connection_owner.ts";
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
  type SignInSubject,
  unfinishedPage,
  waitingPage,
} from "./pages.ts";
import { type AuthorizationResponse, type ExpectedCallback, validateCallback } from "./validate_callback.ts";

/** The callback of this sign-in. */
export interface Callback {
  readonly response: AuthorizationResponse;
  /**
   * Shows the outcome in the browser. The browser's request is held until then, for at most ten seconds and not after the
   * server is disposed of. Only the first call has an effect.
   */
  showOutcome(outcome: PageOutcome): void;
}

/**
 * Receives the redirect on a loopback port. Disposing of the server finishes a response that is being sent, then frees
 * the port, within about a second whatever the clients do.
 */
export interface CallbackServer extends AsyncDisposable {
  readonly port: number;
  /**
   * `http://localhost:PORT`. Entra ignores the port of a registered `http://localhost`, and only of that name ("Redirect
   * URI restrictions and limitations", section "Localhost exceptions").
   */
  readonly redirectUri: string;
  readonly traffic: Readonly<CallbackTraffic>;
  /** Describes {@linkcode traffic} in a sentence. */
  describeTraffic(): string;
  /**
   * Waits for the callback, which may have arrived already. Rejects with the reason of `signal` if it is aborted, or with
   * an `AbortError` if the server is disposed of.
   */
  waitForCallback(signal: AbortSignal): Promise<Callback>;
}

/**
 * Starts a server that accepts exactly one callback: the first that matches `expected`. Any other request gets an error
 * page and changes nothing. `os` selects the commands that errors name. `isAllowed` decides who may connect; everyone by
 * default. The last page names `subject`.
 *
 * @throws {CliError} `port_in_use` if no port of `ports` is free, `permission` if Deno may not listen, `network` if the
 * machine has no loopback address.
 */
export async function listenForCallback(
  ports: PortChoice,
  expected: ExpectedCallback,
  os: Os = Deno.build.os === "windows" ? "windows" : "linux",
  isAllowed: ConnectionCheck = () => Promise.resolve(true),
  subject: SignInSubject | null = null,
): Promise<CallbackServer> {
  const respond = await preparePageResponse();
  const receiver = new CallbackReceiver(expected, respond, subject);
  const listener = listenOnLoopback(ports, {
    handle: (request, port) => receiver.receive(request, port),
    handleFailure: () => respond(500, brokenPage()),
    traffic: receiver.traffic,
    isAllowed,
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

const MAX_BODY_BYTES = 64 * 1024;
const BODY_TIMEOUT_MS = 5_000;
const HOLD_MS = 10_000;

/** Responds to the requests that reach the callback server, and finds the callback among them. */
class CallbackReceiver {
  readonly traffic: CallbackTraffic = noTraffic();
  readonly #expected: ExpectedCallback;
  readonly #respond: PageResponse;
  readonly #subject: SignInSubject | null;
  readonly #arrival = Promise.withResolvers<Callback>();
  readonly #closing = new AbortController();
  #isStateUsed = false;

  constructor(expected: ExpectedCallback, respond: PageResponse, subject: SignInSubject | null) {
    this.#expected = expected;
    this.#respond = respond;
    this.#subject = subject;
  }

  async wait(signal: AbortSignal): Promise<Callback> {
    return await abortable(this.#arrival.promise, AbortSignal.any([signal, this.#closing.signal]));
  }

  /** Responds to a request that arrived on `port`. */
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
        return await this.#receiveParameters(admission.parameters);
      case "form":
        return await this.#receiveForm(request);
    }
  }

  /** Ends all waits: held requests get a page without an outcome, and incomplete bodies are not waited for. */
  close(): void {
    this.#closing.abort(new DOMException("The callback server was closed", "AbortError"));
  }

  async #receiveForm(request: Request): Promise<Response> {
    const signal = this.#closing.signal;
    const body = await readForm(request, { maxBytes: MAX_BODY_BYTES, timeoutMs: BODY_TIMEOUT_MS, signal });
    return body.kind === "text"
      ? await this.#receiveParameters(body.text)
      : this.#refuse(body.status, "malformed");
  }

  async #receiveParameters(parameters: string): Promise<Response> {
    if (this.#isStateUsed) return this.#respond(410, finishedPage());
    const verdict = validateCallback(parameters, this.#expected);
    if (verdict.kind === "rejected") return this.#refuse(400, verdict.fault);
    this.#isStateUsed = true;
    const outcome = Promise.withResolvers<PageOutcome>();
    this.#arrival.resolve({ response: verdict.response, showOutcome: outcome.resolve });
    return await this.#respondWithOutcome(outcome.promise);
  }

  async #respondWithOutcome(outcome: Promise<PageOutcome>): Promise<Response> {
    try {
      return this.#respond(
        200,
        outcomePage(await deadline(outcome, HOLD_MS, { signal: this.#closing.signal }), this.#subject),
      );
    } catch {
      // The promise itself never rejects: the request was held for too long, or the server was closed.
      return this.#respond(200, unfinishedPage());
    }
  }

  #refuse(status: number, fault: TrafficFault): Response {
    this.traffic[fault]++;
    return this.#respond(status, refusedRequestPage(fault));
  }
}
