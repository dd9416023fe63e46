import { type IncomingMessage, request as httpRequest } from "node:http";
import { CliError } from "../../errors.ts";
import { permitted } from "../permission.ts";
import { assertValidHeaders, readBody } from "./deno_network.ts";
import type { HttpRequest, HttpResponse, Network } from "./network.ts";

/**
 * Sends plain http to this machine and its link, never through a proxy: through one, the metadata address would be that
 * of the proxy's machine. Deno's `fetch` cannot ignore the proxy variables.
 */
export const directNetwork: Network = {
  async send(request) {
    const url = new URL(request.url);
    if (url.protocol !== "http:") {
      throw new CliError("usage", `Invalid managed identity endpoint ${url.origin}: expected plain http`, {
        hint: "Service Fabric, whose endpoint uses https, is not supported.",
      });
    }
    assertValidHeaders(request.headers, url.host);
    const host = `${url.hostname}:${url.port || "80"}`;
    return await permitted([{ name: "net", host }], `Connecting to ${host}`, () => exchange(request, url));
  },
};

async function exchange(request: HttpRequest, url: URL): Promise<HttpResponse> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), request.timeoutMs);
  const signal = AbortSignal.any([timeout.signal, request.signal]);
  try {
    const response = await send(request, url, signal);
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(headers),
      body: await readBody(untilAborted(response, signal), request.maxBytes, url.host),
    };
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof CliError) throw error;
    const message = timeout.signal.aborted
      ? `No response from ${url.host} within ${request.timeoutMs / 1000} s`
      : `${url.host} could not be reached`;
    throw new CliError("network", message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function send(request: HttpRequest, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, headers, body } = request;
    const outgoing = httpRequest(url, { method, headers, agent: false, signal }, resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Stops reading a response whose time is up. */
async function* untilAborted(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of response) {
    signal.throwIfAborted();
    yield chunk;
  }
}
