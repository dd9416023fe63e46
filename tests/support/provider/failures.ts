/** The endpoints that can fail on demand. */
export type Endpoint = "authorize" | "token" | "devicecode" | "discovery" | "keys";

/** A JSON object as it goes over the wire. */
export type Json = Record<string, unknown>;

/**
 * A failure. A new kind is a new member here and a case in `apply_failure.ts` or, if it changes a genuine
 * response, in `entra_response.ts`.
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
  /** The digits after AADSTS. */
  readonly aadsts: number;
  /** The description after the error code. */
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

/** The connection breaks without a response. */
export interface ResetFailure {
  readonly kind: "reset";
}

/** The response waits for `until` and is then the genuine one or `then`. */
export interface HoldFailure {
  readonly kind: "hold";
  /** Called when the request has arrived. */
  readonly onArrival?: () => void;
  readonly until: Promise<unknown>;
  readonly then?: Exclude<Failure, HoldFailure>;
}

/** Changes the genuine response: its JSON or, at `authorize`, the callback's parameters. */
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

/** Failures that change a genuine response instead of replacing it. */
export type ResponseChange = RewriteFailure | ClaimsFailure;

/** The failures waiting at each endpoint, first come, first served. */
export class FailureQueue {
  #waiting = new Map<Endpoint, Failure[]>();

  add(endpoint: Endpoint, failure: Failure): void {
    this.#waiting.set(endpoint, [...this.#waiting.get(endpoint) ?? [], failure]);
  }

  /** Takes the next failure of an endpoint if `wanted` accepts it. The rest keep their order. */
  take(endpoint: Endpoint, wanted: (failure: Failure) => boolean = () => true): Failure | undefined {
    const [next, ...rest] = this.#waiting.get(endpoint) ?? [];
    if (next === undefined || !wanted(next)) return undefined;
    this.#waiting.set(endpoint, rest);
    return next;
  }
}

/** Reports whether a failure changes the genuine response. */
export function changesResponse(failure: Failure): failure is ResponseChange {
  return failure.kind === "rewrite" || failure.kind === "claims";
}
