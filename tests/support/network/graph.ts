import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { makeServerCertificate } from "../provider/certificate.ts";
import { startProxy } from "./proxy.ts";
import { startHttpsServer } from "../provider/https_server.ts";

/** A stand-in for Microsoft Graph, for programs that call its real address. */
export interface Graph extends AsyncDisposable {
  /** The value for `CURL_HOME`: a folder whose `.curlrc` redirects curl to the stand-in. */
  readonly curlHome: string;
  /** The value for `HTTPS_PROXY` of other programs: a proxy that leads to the stand-in. */
  readonly proxyUrl: string;
  /** The root certificate of the stand-in, PEM. */
  readonly caPem: string;
  /** The object IDs of the users whose tokens were accepted, oldest first. */
  readonly callers: readonly string[];
}

/**
 * Starts a server that is `graph.microsoft.com` to curl and responds to `/v1.0/me`.
 *
 * @param challenge The `WWW-Authenticate` header that rejects the first token from then on, as if its session was
 *   revoked.
 */
export async function startGraph(
  folder: string,
  me: Readonly<Record<string, string>>,
  challenge?: string,
): Promise<Graph> {
  const host = "graph.microsoft.com";
  const certificate = await makeServerCertificate({ names: [host] });
  const callers: string[] = [];
  let revoked = challenge === undefined ? "none" : undefined;
  const server = await startHttpsServer(0, certificate, (request, response) => {
    const { authorization } = request.headers;
    const caller = request.url === "/v1.0/me" ? callerOf(authorization) : null;
    if (caller !== null) revoked ??= authorization;
    const oid = authorization === revoked ? null : caller;
    if (oid !== null) callers.push(oid);
    const body = oid === null ? { error: { code: "InvalidAuthenticationToken" } } : me;
    response.writeHead(oid === null ? 401 : 200, {
      "content-type": "application/json",
      ...(oid === null && challenge !== undefined ? { "www-authenticate": challenge } : {}),
    });
    response.end(JSON.stringify(body));
  });
  const curlHome = join(folder, "curl");
  await Deno.mkdir(curlHome);
  const root = join(curlHome, "root.pem");
  await Deno.writeTextFile(root, certificate.caPem);
  await Deno.writeTextFile(
    join(curlHome, ".curlrc"),
    `connect-to = "${host}:443:127.0.0.1:${server.port}"\ncacert = "${root}"\nnoproxy = "*"\n`,
  );
  const proxy = startProxy({ route: (target) => target === `${host}:443` ? server.port : null });
  return {
    curlHome,
    proxyUrl: proxy.url,
    caPem: certificate.caPem,
    callers,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

/** Returns the user of a token for Graph with the scope User.Read, or null. */
function callerOf(authorization: string | undefined): string | null {
  try {
    const { aud, scp, oid } = decodeJwt(authorization?.replace(/^Bearer /, "") ?? "");
    const isForMe = aud === "https://graph.microsoft.com" && String(scp).split(" ").includes("User.Read");
    return isForMe ? String(oid) : null;
  } catch {
    return null;
  }
}
