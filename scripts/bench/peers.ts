import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { CONFIDENTIAL_APPLICATION } from "../../tests/support/provider/directory.ts";
import type { Sandbox } from "../../tests/support/program/sandbox.ts";
import { say } from "../offline/npm_package.ts";
import type { TimedCommand } from "./compare.ts";

const PACKAGES = ["@azure/identity@4.14.1", "@azure/msal-node@7.2.1"];
const SCRIPTS = {
  "Node with @azure/identity": "azure_identity.mjs",
  "Node with MSAL Node and a file": "msal_node.mjs",
};

/** The scope that the peers request. */
export const SCOPE = "https://graph.microsoft.com/.default";

/** Installs Node.js programs that get a token from the same provider for the same application. Returns none without npm. */
export async function findPeers(
  sandbox: Sandbox,
  env: Readonly<Record<string, string>>,
): Promise<TimedCommand[]> {
  const folder = join(sandbox.folder, "peers");
  await Deno.mkdir(folder);
  const flags = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  if (!await succeeds("npm", ["install", "--prefix", folder, ...flags, ...PACKAGES])) {
    say("npm cannot install @azure/identity and MSAL Node: they are not compared");
    return [];
  }
  const peers: TimedCommand[] = [];
  for (const [name, file] of Object.entries(SCRIPTS)) {
    // Node.js resolves packages from the folder of a script.
    const script = join(folder, file);
    await Deno.copyFile(fromFileUrl(import.meta.resolve(`./peers/${file}`)), script);
    peers.push({
      name,
      command: ["node", script],
      env: {
        ...env,
        NODE_EXTRA_CA_CERTS: sandbox.env.ENTRA_AUTH_CLI_CA_CERT ?? "",
        AUTHORITY: sandbox.provider.origin,
        TENANT_ID: sandbox.provider.tenantId,
        CLIENT_ID: CONFIDENTIAL_APPLICATION.clientId,
        CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "",
        SCOPE,
        CACHE_FILE: join(folder, "cache.json"),
      },
    });
  }
  return peers;
}

/**
 * Returns `gh auth token` with a token in its file of settings. Returns null if the GitHub CLI is missing or prints another
 * text than the token.
 */
export async function githubCli(
  sandbox: Sandbox,
  env: Readonly<Record<string, string>>,
): Promise<TimedCommand | null> {
  const folder = join(sandbox.folder, "gh");
  await Deno.mkdir(folder);
  const token = "gho_benchmark";
  await Deno.writeTextFile(
    join(folder, "hosts.yml"),
    `github.com:\n    user: ada\n    oauth_token: ${token}\n`,
  );
  const timed = {
    name: "gh auth token",
    command: ["gh", "auth", "token"],
    env: { ...env, GH_CONFIG_DIR: folder, GH_NO_UPDATE_NOTIFIER: "1" },
  };
  try {
    const { stdout } = await new Deno.Command("gh", {
      args: ["auth", "token"],
      env: timed.env,
      clearEnv: true,
      stdin: "null",
    }).output();
    if (new TextDecoder().decode(stdout).trim() === token) return timed;
    say("gh auth token does not print the token in its settings: the GitHub CLI is not compared");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    say("gh not found: the GitHub CLI is not compared");
  }
  return null;
}

/** The arguments with which this program gets a token for the same application. */
const LIKE_PEERS: readonly string[] = [
  "get-token",
  "--quiet",
  "--output=token",
  "--flow=client-credentials",
  `--client-id=${CONFIDENTIAL_APPLICATION.clientId}`,
  `--scope=${SCOPE}`,
];

/** Returns the baseline of the peers: a store with only the token of the application. Throws an `Error` if it cannot get one. */
export async function applicationOf(
  sandbox: Sandbox,
  program: string,
  env: Readonly<Record<string, string>>,
): Promise<TimedCommand> {
  const home = join(sandbox.folder, "home-of-application");
  await Deno.mkdir(home, { mode: 0o700 });
  await Deno.copyFile(join(sandbox.home, "profiles.json"), join(home, "profiles.json"));
  const own = { ENTRA_AUTH_CLI_HOME: home, AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "" };
  const { code, stderr } = await sandbox.run(LIKE_PEERS, { env: own });
  if (code !== 0) throw new Error(`Cannot get a token for the application: ${stderr}`);
  return {
    name: "cached get-token of an application",
    command: [program, ...LIKE_PEERS],
    env: { ...env, ...own },
  };
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  const command = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  try {
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
