import type { ServerResponse } from "node:http";
import { entraErrorBody, entraErrorParameters } from "./entra_errors.ts";
import { type AnswerFailure, changesAnswer, type EntraErrorFailure, type Failure } from "./failures.ts";
import { authorizationResponse, innerResponseMode } from "./response_modes.ts";

/** What came of a failure: the response is written, or the genuine one is to follow, perhaps changed. */
export type Outcome = { readonly answered: true } | {
  readonly answered: false;
  readonly change?: AnswerFailure;
};

/** Makes one request fail as a test wants. `query` is that of the request, for a failure that is a redirect. */
export async function applyFailure(
  failure: Failure,
  response: ServerResponse,
  query: URLSearchParams,
  breakOff: () => void,
): Promise<Outcome> {
  if (changesAnswer(failure)) return { answered: false, change: failure };
  switch (failure.kind) {
    case "hold":
      await failure.until;
      return failure.then === undefined
        ? { answered: false }
        : await applyFailure(failure.then, response, query, breakOff);
    case "reset":
      breakOff();
      return { answered: true };
    case "response":
      write(response, failure.status, failure.headers ?? {}, failure.body ?? "");
      return { answered: true };
    case "entraError":
      writeError(failure, response, query);
      return { answered: true };
  }
}

function writeError(failure: EntraErrorFailure, response: ServerResponse, query: URLSearchParams): void {
  const error = { ...failure, description: failure.description ?? "A failure that a test asked for." };
  const redirectUri = query.get("redirect_uri");
  if (redirectUri === null) {
    const headers = { "content-type": "application/json; charset=utf-8", ...failure.headers };
    write(response, failure.status ?? 400, headers, JSON.stringify(entraErrorBody(error, Date.now())));
    return;
  }
  const state = query.get("state");
  const answer = authorizationResponse(innerResponseMode(query.get("response_mode")), redirectUri, {
    ...entraErrorParameters(error, Date.now()),
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
  response.writeHead(status, headers);
  response.end(body);
}
