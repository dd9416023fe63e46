import { checkHeaders } from "./check_headers.ts";
import type { Environment } from "../environment.ts";
import { createTrustingClient } from "./http_client.ts";
import type { HttpRequest, HttpResponse } from "./network.ts";
import { networkError, timeoutError } from "./network_error.ts";
import { findRouteIfReadable } from "./proxy.ts";
import { readBody } from "./read_body.ts";
import { startTimeLimits } from "./time_limits.ts";

/** Sends one request with Deno's `fetch`, and reads the whole answer: see `Network.send()`, which names the errors. */
export async function sendRequest(
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
