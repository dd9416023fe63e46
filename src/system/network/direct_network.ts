import type { IncomingMessage } from "node:http";
import { CliError } from "../../errors.ts";
import { permitted } from "../permission.ts";
import { startTimer } from "../timer.ts";
import { assertValidHeaders, readBody } from "./deno_network.ts";
import type { HttpRequest, HttpResponse, Network } from "./network.ts";

/**
 * Returns a network for http and https to this machine and its link, never through a proxy: through one, the metadata
 * address would be that of the proxy's machine. Deno's `fetch` cannot ignore the proxy variables.
 *
 * @param extraRoots Certificates (PEM) to trust for https, in addition to those built into Deno.
 */
export function directNetwork(extraRoots: readonly string[] = []): Network {
  return {
    async send(request) {
      const url = new URL(request.url);
      assertValidHeaders(request.headers, url.host);
      const host = `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
      return await permitted(
        [{ name: "net", host }],
        `Connecting to ${host}`,
        () => exchange(request, url, extraRoots),
      );
    },
  };
}

async function exchange(
  request: HttpRequest,
  url: URL,
  extraRoots: readonly string[],
): Promise<HttpResponse> {
  const timeout = new AbortController();
  using _timer = startTimer(request.timeoutMs, () => timeout.abort());
  const signal = AbortSignal.any([timeout.signal, request.signal]);
  try {
    const response = await send(request, url, signal, extraRoots);
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
    const isUntrusted = error instanceof Error && /certificate/i.test(error.message);
    throw new CliError("network", isUntrusted ? `The certificate of ${url.host} is not trusted` : message, {
      // Deno 2.7 does not say that it was the certificate.
      hint: url.protocol === "https:" && !timeout.signal.aborted
        ? "Pass the root of its certificate with --ca-cert FILE."
        : undefined,
      cause: error,
    });
  }
}

async function send(
  request: HttpRequest,
  url: URL,
  signal: AbortSignal,
  extraRoots: readonly string[],
): Promise<IncomingMessage> {
  // Imported late: a bundle of one module would load them at every start.
  const { request: httpRequest } = await import("node:http");
  const { Agent, request: httpsRequest } = await import("node:https");
  return await new Promise((resolve, reject) => {
    const { method, headers, body } = request;
    const options = { method, headers, signal } as const;
    // Deno 2.7 takes the roots from the agent alone, and throws without one.
    const agent = new Agent(extraRoots.length === 0 ? {} : { ca: [...extraRoots] });
    const outgoing = url.protocol === "https:"
      ? httpsRequest(url, { ...options, agent }, resolve)
      : httpRequest(url, { ...options, agent: false }, resolve);
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
