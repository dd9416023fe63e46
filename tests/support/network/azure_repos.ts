import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { makeServerCertificate } from "../provider/certificate.ts";
import { startHttpsServer } from "../provider/https_server.ts";
import { startProxy } from "./proxy.ts";

/** A stand-in for Azure Repos with one repository, for git at its real address. */
export interface AzureRepos extends AsyncDisposable {
  /** The address of the repository. */
  readonly url: string;
  /** The settings that lead git to the stand-in, as a file of git's configuration. */
  readonly gitConfig: string;
}

const HOST = "dev.azure.com";
const PATH = "/contoso/shop/_git/web";
const AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798";

/** A commit in the format of `git fast-import`. */
const FIRST_COMMIT = `commit refs/heads/main
committer Ada Lovelace <ada@contoso.example> 1767225600 +0000
data 12
First commit
M 100644 inline README.md
data 6
# web
`;

/** Starts a server that is `dev.azure.com` to git, and accepts tokens for Azure DevOps. Its files are in `folder`. */
export async function startAzureRepos(folder: string): Promise<AzureRepos> {
  const repository = join(folder, "web.git");
  await git(folder, ["init", "--quiet", "--bare", "--initial-branch=main", repository]);
  await git(repository, ["fast-import", "--quiet"], FIRST_COMMIT);
  await git(repository, ["update-server-info"]);
  const certificate = await makeServerCertificate({ names: [HOST] });
  const server = await startHttpsServer(0, certificate, async (request, response) => {
    if (!isForAzureDevOps(request.headers.authorization)) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="Azure Repos"' }).end();
      return;
    }
    const file = await readServedFile(repository, new URL(request.url ?? "/", `https://${HOST}`));
    response.writeHead(file === null ? 404 : 200, { "content-type": "text/plain" }).end(file ?? "");
  });
  const proxy = startProxy({ route: (target) => target === `${HOST}:443` ? server.port : null });
  const root = join(folder, "azure-repos-ca.pem");
  await Deno.writeTextFile(root, certificate.caPem);
  return {
    url: `https://${HOST}${PATH}`,
    gitConfig: `[http "https://${HOST}"]\n\tproxy = ${proxy.url}\n\tsslCAInfo = "${
      root.replaceAll("\\", "/")
    }"\n`,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

/** Returns a file of the repository, which git reads one by one ("dumb" HTTP), or null if there is none. */
async function readServedFile(repository: string, { pathname }: URL): Promise<Uint8Array | null> {
  const path = pathname.startsWith(`${PATH}/`) ? pathname.slice(PATH.length + 1) : "";
  if (!/^[\w/-]+$/.test(path)) return null;
  return await Deno.readFile(join(repository, path)).catch(() => null);
}

/** Returns whether the header has a token for Azure DevOps, as a password or as a bearer token. */
function isForAzureDevOps(authorization = ""): boolean {
  const [scheme, value = ""] = authorization.split(" ");
  try {
    const token = scheme === "Basic" ? atob(value).replace(/^[^:]*:/, "") : value;
    return decodeJwt(token).aud === AZURE_DEVOPS;
  } catch {
    return false;
  }
}

/** Runs git without the settings of this machine. */
async function git(cwd: string, args: readonly string[], input = ""): Promise<void> {
  const child = new Deno.Command("git", {
    args: [...args],
    cwd,
    env: { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: join(cwd, "no-settings") },
    stdin: "piped",
    stdout: "null",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(input));
  await stdin.close();
  const { success } = await child.status;
  if (!success) throw new Error(`git ${args[0]} failed`);
}
