import type { ServerResponse } from "node:http";
import { adfsErrorBody } from "./adfs.ts";
import { entraErrorBody, entraErrorParameters } from "./entra_errors.ts";
import { changesResponse, type EntraErrorFailure, type Failure, type ResponseChange } from "./failures.ts";
import { authorizationResponse, innerResponseMode } from "./response_modes.ts";

/** The result of a failure: the response is written, or the genuine one follows, possibly changed. */
export type Outcome = { readonly answered: true } | {
  readonly answered: false;
  readonly change?: ResponseChange;
};

/** The request that fails. */
export interface FailingRequest {
  /** Its query: the redirect URI is there, for a failure that is a redirect. */
  readonly query: URLSearchParams;
  readonly correlationId: string;
  /** Whether it is for AD FS, which has errors of its own form. */
  readonly isAdfs: boolean;
  /** Breaks its connection. */
  readonly breakOff: () => void;
}

/** Makes one request fail as a test demands. */
export async function applyFailure(
  failure: Failure,
  response: ServerResponse,
  request: FailingRequest,
): Promise<Outcome> {
  if (changesResponse(failure)) return { answered: false, change: failure };
  switch (failure.kind) {
    case "hold":
      failure.onArrival?.();
      await failure.until;
      return failure.then === undefined
        ? { answered: false }
        : await applyFailure(failure.then, response, request);
    case "reset":
      request.breakOff();
      return { answered: true };
    case "response":
      write(response, failure.status, failure.headers ?? {}, failure.body ?? "");
      return { answered: true };
    case "entraError":
      writeError(failure, response, request);
      return { answered: true };
  }
}

function writeError(failure: EntraErrorFailure, response: ServerResponse, request: FailingRequest): void {
  const error = { ...failure, description: failure.description ?? "A failure that a test demanded." };
  const { query, correlationId, isAdfs } = request;
  const redirectUri = query.get("redirect_uri");
  if (redirectUri === null) {
    const headers = { "content-type": "application/json; charset=utf-8", ...failure.headers };
    const body = isAdfs ? adfsErrorBody(error) : entraErrorBody(error, correlationId);
    write(response, failure.status ?? 400, headers, JSON.stringify(body));
    return;
  }
  const state = query.get("state");
  const answer = authorizationResponse(innerResponseMode(query.get("response_mode")), redirectUri, {
    ...(isAdfs ? adfsErrorBody(error) : entraErrorParameters(error, correlationId)),
    ...(state === null ? {} : { state }),
  });
  write(response, answer.status, answer.headers, answer.body);
}

function write(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string | Uint8Array,
): void {
  // A body that is shorter than its length says ends with the connection.
  const isShort = Number(headers["content-length"] ?? 0) > body.length;
  response.writeHead(status, isShort ? { ...headers, connection: "close" } : headers);
  response.end(body);
}
