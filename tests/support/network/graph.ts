import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { makeServerCertificate } from "../provider/certificate.ts";
import { startHttpsServer } from "../provider/https_server.ts";

/** What stands for Microsoft Graph, for programs that call it by its real address. */
export interface Graph extends AsyncDisposable {
  /** The folder whose `.curlrc` leads curl here: the value for `CURL_HOME`. */
  readonly curlHome: string;
  /** The object ids of those who asked who they are, oldest first. */
  readonly callers: readonly string[];
}

/**
 * Starts a server that is `graph.microsoft.com` to curl, and answers `/v1.0/me` to a token that is for it.
 *
 * @param challenge What the first token that comes is refused with, for good, as one whose session was revoked.
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
    `connect-to = "${host}:443:127.0.0.1:${server.port}"\ncacert = "${root}"\n`,
  );
  return { curlHome, callers, [Symbol.asyncDispose]: server.stop };
}

/** Whom a token for Graph that allows to read one's own account speaks for. */
function callerOf(authorization: string | undefined): string | null {
  try {
    const { aud, scp, oid } = decodeJwt(authorization?.replace(/^Bearer /, "") ?? "");
    const isForMe = aud === "https://graph.microsoft.com" && String(scp).split(" ").includes("User.Read");
    return isForMe ? String(oid) : null;
  } catch {
    return null;
  }
}
