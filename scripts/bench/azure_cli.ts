import { join } from "@std/path/join";
import {
  makeSelfSignedCertificate,
  type ServerCertificate,
} from "../../tests/support/provider/certificate.ts";
import { CONFIDENTIAL_APPLICATION } from "../../tests/support/provider/directory.ts";
import { discoveryDocument } from "../../tests/support/provider/discovery_document.ts";
import { type HttpsServer, startHttpsServer } from "../../tests/support/provider/https_server.ts";
import type { Provider } from "../../tests/support/provider/provider.ts";
import { say } from "../offline/npm_package.ts";
import type { TimedCommand } from "./compare.ts";

/** The Azure CLI with a token in its cache. Its folder is removed on disposal. */
export interface AzureCli extends AsyncDisposable {
  /** Prints the cached token, with telemetry as Debian ships it. */
  readonly asShipped: TimedCommand;
  /** Prints the cached token without telemetry. */
  readonly withoutTelemetry: TimedCommand;
}

/**
 * Signs the Azure CLI in to the confidential application of the provider. Returns null if the Azure CLI is missing or
 * cannot sign in. It validates every authority with login.microsoftonline.com except an AD FS, so the test registers a
 * cloud with an AD FS.
 */
export async function openAzureCli(
  provider: Provider,
  scope: string,
  env: Readonly<Record<string, string>>,
): Promise<AzureCli | null> {
  await using parts = new AsyncDisposableStack();
  // Outside the sandbox, which must contain no secret: the Azure CLI stores it as plain text.
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bench-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  const command = [
    "az",
    "account",
    "get-access-token",
    "--scope",
    scope,
    "--query=accessToken",
    "--output=tsv",
  ];
  const asShipped = { name: "Azure CLI", command, env: { ...env, ...settings(folder) } };
  const withoutTelemetry = {
    name: "Azure CLI without telemetry",
    command,
    env: { ...asShipped.env, ...NO_TELEMETRY },
  };
  try {
    await signIn(provider, scope, withoutTelemetry.env);
    await assertCached(provider, withoutTelemetry);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const [reason] = error instanceof Deno.errors.NotFound ? ["az not found"] : error.message.split("\n");
    say(`the Azure CLI cannot sign in (${reason}): it is not compared`);
    return null;
  }
  const owned = parts.move();
  return { asShipped, withoutTelemetry, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const NO_TELEMETRY = { AZURE_CORE_COLLECT_TELEMETRY: "0" };

/** Returns variables that keep its files in `folder` and every other request away from the network, by a proxy that does not exist. */
function settings(folder: string): Record<string, string> {
  return {
    HOME: folder,
    AZURE_CONFIG_DIR: folder,
    REQUESTS_CA_BUNDLE: join(folder, "ca.pem"),
    HTTPS_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "localhost",
  };
}

async function signIn(provider: Provider, scope: string, env: Record<string, string>): Promise<void> {
  const certificate = await makeSelfSignedCertificate();
  await Deno.writeTextFile(env.REQUESTS_CA_BUNDLE ?? "", `${certificate.caPem}\n${provider.caPem}\n`);
  const cloud = await startCloud(provider, certificate);
  try {
    const origin = `https://localhost:${cloud.port}`;
    const resource = new URL(scope).origin;
    await run(
      ["az", "cloud", "register", "--name=bench"].concat([
        `--endpoint-active-directory=${origin}/adfs`,
        `--endpoint-active-directory-resource-id=${resource}`,
        `--endpoint-active-directory-graph-resource-id=${resource}`,
        `--endpoint-management=${origin}`,
        `--endpoint-resource-manager=${origin}`,
      ]),
      env,
    );
    await run(["az", "cloud", "set", "--name=bench"], env);
    const { clientId, secret = "" } = CONFIDENTIAL_APPLICATION;
    const who = [`--username=${clientId}`, `--password=${secret}`, `--tenant=${provider.tenantId}`];
    await run(["az", "login", "--service-principal", "--allow-no-subscriptions", ...who], env);
  } finally {
    await cloud.stop();
  }
}

/** Starts an AD FS that issues the tokens of the provider, and a resource manager without subscriptions. */
async function startCloud(provider: Provider, certificate: ServerCertificate): Promise<HttpsServer> {
  const responses = new Map<string, unknown>([
    [
      "/adfs/.well-known/openid-configuration",
      discoveryDocument(provider.origin, provider.tenantId, provider.tenantId),
    ],
    ["/subscriptions", { value: [] }],
  ]);
  return await startHttpsServer(0, certificate, ({ url = "/" }, response) => {
    const body = responses.get(new URL(url, "https://localhost").pathname);
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" })
      .end(JSON.stringify(body ?? {}));
  });
}

/** Throws an `Error` unless the Azure CLI prints a token of the provider without a request. */
async function assertCached(provider: Provider, { command, env }: TimedCommand): Promise<void> {
  const before = provider.requests.length;
  const token = (await run(command, env)).trim();
  if (provider.secrets.get(token) !== "access token") {
    throw new Error("it printed no token of the provider");
  }
  if (provider.requests.length !== before) throw new Error("it requested a token that was in its cache");
}

async function run([program = "", ...args]: readonly string[], env: Record<string, string>): Promise<string> {
  const command = new Deno.Command(program, { args, env, clearEnv: true, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr).trim());
  return decoder.decode(stdout);
}
