/** The parts of the provider that can be told to fail. */
export type Endpoint = "authorize" | "token" | "devicecode" | "discovery" | "keys";

/** A JSON object as it goes over the wire. */
export type Json = Record<string, unknown>;

/**
 * One way to fail. A new way is a new member here and a case in `apply_failure.ts`, or, if it changes a genuine
 * answer, in `rewrite_answer.ts`.
 */
export type Failure =
  | EntraErrorFailure
  | ResponseFailure
  | ResetFailure
  | HoldFailure
  | RewriteFailure
  | ClaimsFailure;

/** An error body in Entra's form; at `authorize`, error parameters at the redirect URI. */
export interface EntraErrorFailure {
  readonly kind: "entraError";
  /** 400 by default. */
  readonly status?: number;
  readonly error: string;
  /** The number after AADSTS. */
  readonly aadsts: number;
  /** The words after the number. */
  readonly description?: string;
  readonly suberror?: string;
  /** The `claims` challenge, JSON text. */
  readonly claims?: string;
  readonly headers?: Record<string, string>;
}

/** Any response at all. */
export interface ResponseFailure {
  readonly kind: "response";
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** The connection breaks without an answer. */
export interface ResetFailure {
  readonly kind: "reset";
}

/** The answer waits for `until`, then is the genuine one, or `then`. */
export interface HoldFailure {
  readonly kind: "hold";
  /** Told when the request has come. */
  readonly onArrival?: () => void;
  readonly until: Promise<unknown>;
  readonly then?: Exclude<Failure, HoldFailure>;
}

/** The genuine answer, changed: the JSON of a response or, at `authorize`, the callback's parameters. */
export interface RewriteFailure {
  readonly kind: "rewrite";
  readonly rewrite: (genuine: Json) => Json;
}

/** The genuine token response with a token's claims changed, signed again with the provider's own key. */
export interface ClaimsFailure {
  readonly kind: "claims";
  readonly token: "id_token" | "access_token";
  readonly change: (claims: Json) => Json;
}

/** Failures that change a genuine answer rather than stand in for it. */
export type AnswerFailure = RewriteFailure | ClaimsFailure;

/** The failures waiting at each endpoint, first come, first served. */
export class FailureQueue {
  #waiting = new Map<Endpoint, Failure[]>();

  add(endpoint: Endpoint, failure: Failure): void {
    this.#waiting.set(endpoint, [...this.#waiting.get(endpoint) ?? [], failure]);
  }

  /** Takes the next failure of an endpoint, but only if `wanted` says so: the rest keep their order. */
  take(endpoint: Endpoint, wanted: (failure: Failure) => boolean = () => true): Failure | undefined {
    const [next, ...rest] = this.#waiting.get(endpoint) ?? [];
    if (next === undefined || !wanted(next)) return undefined;
    this.#waiting.set(endpoint, rest);
    return next;
  }
}

/** Whether a failure needs the genuine answer to work on. */
export function changesAnswer(failure: Failure): failure is AnswerFailure {
  return failure.kind === "rewrite" || failure.kind === "claims";
}
