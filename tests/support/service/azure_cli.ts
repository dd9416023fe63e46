/**
 * The Azure CLI and azure-identity for Python, from Debian's packages. As a program it is the command of
 * `exec --managed-identity`: it calls the CLI, for which a stand-in for Azure Resource Manager runs on this machine.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { unpackFromDebian } from "../../../scripts/offline/debian_package.ts";
import { DEV_FOLDER, makeFolderOnce, say } from "../../../scripts/offline/npm_package.ts";
import { startProxy } from "../network/proxy.ts";
import { makeServerCertificate } from "../provider/certificate.ts";
import { startHttpsServer } from "../provider/https_server.ts";

/** The oldest Debian whose Azure CLI gets the tokens of a managed identity by MSAL (2.74), as later ones do. */
const SUITE = "trixie";

const DIST = "*/dist-packages/azure";

/**
 * Their packages, with Python and the libraries that it loads. Of the clients for Azure's services, which are 500 MiB,
 * only the one that lists subscriptions is unpacked, and of the CLI's commands only `login` and `account`.
 */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "python3-azure-cli": [
    `${DIST}/cli/__*`,
    `${DIST}/cli/command_modules/__*`,
    `${DIST}/cli/command_modules/profile/*`,
  ],
  "python3-azure": [
    "common/*",
    "core/*",
    "identity/*",
    "profiles/*",
    "mgmt/core/*",
    "mgmt/resource/*",
  ]
    .map((path) => `${DIST}/${path}`),
  ...Object.fromEntries(
    [
      ...["libbz2-1.0", "libc6", "libexpat1", "libffi8", "libgcc-s1", "liblzma5", "libpython3.13-minimal"],
      ...["libpython3.13-stdlib", "libssl3t64", "libuuid1", "libyaml-0-2", "libzstd1", "python3.13-minimal"],
      ...["python3-adal", "python3-argcomplete", "python3-azure-cli-core", "python3-azure-cli-telemetry"],
      ...["python3-bcrypt", "python3-blinker", "python3-certifi", "python3-cffi-backend", "python3-chardet"],
      ...["python3-charset-normalizer", "python3-cryptography", "python3-dateutil", "python3-decorator"],
      ...["python3-distro", "python3-humanfriendly", "python3-idna", "python3-isodate", "python3-jmespath"],
      ...["python3-jwt", "python3-knack", "python3-msal", "python3-msal-extensions", "python3-msrest"],
      ...[
        "python3-msrestazure",
        "python3-oauthlib",
        "python3-openssl",
        "python3-packaging",
        "python3-pkginfo",
      ],
      ...[
        "python3-portalocker",
        "python3-psutil",
        "python3-requests",
        "python3-requests-oauthlib",
        "python3-six",
      ],
      ...["python3-typing-extensions", "python3-urllib3", "python3-yaml", "zlib1g"],
    ].map((name) => [name, []]),
  ),
};

/**
 * Installs them in `.dev`, unless they are there.
 *
 * @returns The path of the Python that finds them, or the reason why they cannot be had here.
 */
export async function installAzurePython(): Promise<
  { readonly python: string } | { readonly missing: string }
> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return { missing: "it takes Linux on x64" };
  const folder = new URL("azure-python/", DEV_FOLDER);
  try {
    await makeFolderOnce(folder, JSON.stringify({ SUITE, PACKAGES }), async (draft) => {
      say(`unpacking the Azure CLI of Debian ${SUITE} in .dev/azure-python`);
      await unpackFromDebian({ packages: PACKAGES, suite: SUITE }, draft);
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { missing: `Debian's packages cannot be had: ${error.message.trim().split("\n").at(-1)}` };
  }
  return { python: await writeStarter(folder) };
}

/** Writes the program that starts Python with the libraries of its own Debian. Returns its path. */
async function writeStarter(folder: URL): Promise<string> {
  const root = fromFileUrl(new URL("root/usr", folder));
  const libraries = `${root}/lib/x86_64-linux-gnu`;
  const starter = fromFileUrl(new URL("python", folder));
  const script = `#!/bin/sh
export PYTHONHOME='${root}' PYTHONWARNINGS=ignore
exec '${libraries}/ld-linux-x86-64.so.2' --library-path '${libraries}' '${root}/bin/python3.13' "$@"
`;
  // Renamed into place, since another test may start it.
  const draft = `${starter}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(draft, script, { mode: 0o755 });
  await Deno.rename(draft, starter);
  return starter;
}

/** The output of a call of the CLI. */
export interface AzureCliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The requests to Azure Resource Manager: method, host and path, and the header `Authorization`. */
export interface ArmRequest {
  readonly target: string;
  readonly authorization: string | undefined;
}

export interface AzureCliRun {
  readonly outcomes: readonly AzureCliOutcome[];
  readonly requests: readonly ArmRequest[];
}

/** The only subscription. */
export const SUBSCRIPTION = "22222222-2222-4333-8444-555555555555";

const SELF = fromFileUrl(import.meta.url);
const CONFIG = fromFileUrl(import.meta.resolve("../../../deno.json"));
const ARM = "management.azure.com";

/** Returns the words of a command that makes `calls` of the CLI, and prints an {@linkcode AzureCliRun}. */
export function azureCliCommand(python: string, calls: readonly (readonly string[])[]): string[] {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(" ").filter((flag) => flag !== "");
  const deno = [Deno.execPath(), "run", "--quiet", `--config=${CONFIG}`, ...flags, "--allow-all"];
  return [...deno, SELF, python, JSON.stringify(calls)];
}

/** Makes `calls` in a new folder, one after the other. */
async function callAzureCli(python: string, calls: readonly (readonly string[])[]): Promise<AzureCliRun> {
  await using parts = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  const certificate = await makeServerCertificate({ names: [ARM] });
  const caFile = join(folder, "ca.pem");
  await Deno.writeTextFile(caFile, certificate.caPem);
  const requests: ArmRequest[] = [];
  const server = await startHttpsServer(0, certificate, ({ method, headers, url }, response) => {
    requests.push({ target: `${method} ${headers.host}${url}`, authorization: headers.authorization });
    const id = `/subscriptions/${SUBSCRIPTION}`;
    const one = { id, subscriptionId: SUBSCRIPTION, displayName: "Contoso", state: "Enabled" };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ value: [one] }));
  });
  parts.defer(server.stop);
  const proxy = parts.use(startProxy({ route: (target) => target === `${ARM}:443` ? server.port : null }));
  const env = {
    HOME: folder,
    AZURE_CONFIG_DIR: join(folder, "azure"),
    AZURE_CORE_COLLECT_TELEMETRY: "no",
    HTTPS_PROXY: proxy.url,
    NO_PROXY: "127.0.0.1",
    REQUESTS_CA_BUNDLE: caFile,
  };
  const decoder = new TextDecoder();
  const outcomes: AzureCliOutcome[] = [];
  for (const call of calls) {
    const command = new Deno.Command(python, { args: ["-m", "azure.cli", ...call], env, stdin: "null" });
    const { code, stdout, stderr } = await command.output();
    outcomes.push({ code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) });
  }
  return { outcomes, requests };
}

if (import.meta.main) {
  const [python = "", calls = "[]"] = Deno.args;
  const run = await callAzureCli(python, JSON.parse(calls));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(run)));
}
