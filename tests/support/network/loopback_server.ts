export interface LoopbackRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

/** A redirect URI that accepts anything and shows a page. */
export interface Loopback extends AsyncDisposable {
  readonly redirectUri: string;
  readonly page: string;
  /** The requests for `/`, oldest first. */
  readonly requests: readonly LoopbackRequest[];
}

/** Listens on a free port of 127.0.0.1. */
export function startLoopback(): Loopback {
  const page = "<!DOCTYPE html><title>Signed in</title><h1>You can close this window</h1>";
  const requests: LoopbackRequest[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { method, headers } = request;
    const url = new URL(request.url);
    const body = await request.text();
    if (url.pathname !== "/") return new Response("Not found", { status: 404 });
    requests.push({ method, url, headers, body });
    return new Response(page, { headers: { "content-type": "text/html" } });
  });
  return {
    redirectUri: `http://localhost:${server.addr.port}/`,
    page,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
