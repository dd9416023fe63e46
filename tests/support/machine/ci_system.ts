import { makeServerCertificate } from "../provider/certificate.ts";
import { startHttpsServer } from "../provider/https_server.ts";

/** A request to a CI system. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string;
  readonly redirects: string;
}

/** A CI system that issues tokens for its jobs. */
export interface CiSystem extends AsyncDisposable {
  /** The requests in order. */
  readonly asked: readonly Asked[];
  /** The host with its port. */
  readonly host: string;
  /** The root certificate to trust. */
  readonly caPem: string;
}

/** Starts a CI system on a free port. */
export async function startCiSystem(
  answer: (asked: Asked) => Promise<{ status?: number; body: unknown }>,
): Promise<CiSystem> {
  const certificate = await makeServerCertificate();
  const asked: Asked[] = [];
  const server = await startHttpsServer(0, certificate, async (request, response) => {
    const one = {
      method: request.method ?? "",
      url: new URL(request.url ?? "", "https://localhost"),
      authorization: request.headers.authorization ?? "",
      redirects: String(request.headers["x-tfs-fedauthredirect"]),
    };
    asked.push(one);
    const { status = 200, body } = await answer(one);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  return {
    asked,
    host: `localhost:${server.port}`,
    caPem: certificate.caPem,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
