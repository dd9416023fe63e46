import { type IncomingMessage, request as httpRequest } from "node:http";
import { CliError } from "../../errors.ts";
import { checkHeaders, readBody } from "./deno_network.ts";
import type { HttpRequest, HttpResponse, Network } from "./network.ts";
import { permitted } from "../permission.ts";

/**
 * Plain http to this machine and what is linked to it, never through a proxy: to one, the address of a machine's
 * metadata would mean the proxy's own. Deno's `fetch` can't be told to leave the proxy variables alone.
 */
export const directNetwork: Network = {
  async send(request) {
    const url = new URL(request.url);
    if (url.protocol !== "http:") {
      throw new CliError("usage", `${url.origin} is not plain http`, {
        hint: "Endpoints of managed identities are, but for Service Fabric's, which this program can't use.",
      });
    }
    checkHeaders(request.headers, url.host);
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
    const why = timeout.signal.aborted
      ? `did not answer within ${request.timeoutMs / 1000} s`
      : "can't be reached";
    throw new CliError("network", `${url.host} ${why}`, { cause: error });
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

/** A response that is read on when its time is over is of no use any more. */
async function* untilAborted(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of response) {
    signal.throwIfAborted();
    yield chunk;
  }
}
