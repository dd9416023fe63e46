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

/** The Azure CLI, with a token in its cache, until its folder goes. */
export interface AzureCli extends AsyncDisposable {
  /** Prints the token from the cache, as Debian ships it: it also collects what it tells Microsoft. */
  readonly asShipped: TimedCommand;
  /** The same without that. */
  readonly withoutTelemetry: TimedCommand;
}

/**
 * Signs the Azure CLI in at the provider, for the confidential application; null where there is no Azure CLI that can.
 * It asks login.microsoftonline.com about every authority but that of an AD FS, so it gets a cloud of its own with one.
 */
export async function openAzureCli(
  provider: Provider,
  scope: string,
  env: Readonly<Record<string, string>>,
): Promise<AzureCli | null> {
  await using parts = new AsyncDisposableStack();
  // Not in the sandbox, which nobody leaves a secret in: the Azure CLI keeps it as plain text.
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
    name: "Azure CLI without its telemetry",
    command,
    env: { ...asShipped.env, ...NO_TELEMETRY },
  };
  try {
    await signIn(provider, scope, withoutTelemetry.env);
    await assertCached(provider, withoutTelemetry);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const [why] = error instanceof Deno.errors.NotFound
      ? ["Debian has it as azure-cli"]
      : error.message.split("\n");
    say(`no Azure CLI here that can sign in (${why}): it is not compared`);
    return null;
  }
  const owned = parts.move();
  return { asShipped, withoutTelemetry, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const NO_TELEMETRY = { AZURE_CORE_COLLECT_TELEMETRY: "0" };

/** All that is its own in `folder`; and nothing reaches Microsoft or anybody else, through a proxy that isn't there. */
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

/** An AD FS whose tokens are the provider's, and a resource manager that knows no subscription. */
async function startCloud(provider: Provider, certificate: ServerCertificate): Promise<HttpsServer> {
  const answers = new Map<string, unknown>([
    [
      "/adfs/.well-known/openid-configuration",
      discoveryDocument(provider.origin, provider.tenantId, provider.tenantId),
    ],
    ["/subscriptions", { value: [] }],
  ]);
  return await startHttpsServer(0, certificate, ({ url = "/" }, response) => {
    const answer = answers.get(new URL(url, "https://localhost").pathname);
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" })
      .end(JSON.stringify(answer ?? {}));
  });
}

/** Throws an `Error` where the token is none of the provider's, or the provider is asked for it once more. */
async function assertCached(provider: Provider, { command, env }: TimedCommand): Promise<void> {
  const asked = provider.requests.length;
  const token = (await run(command, env)).trim();
  if (provider.secrets.get(token) !== "access token") {
    throw new Error("it printed no token of the provider's");
  }
  if (provider.requests.length !== asked) throw new Error("it asked for a token that was in its cache");
}

async function run([program = "", ...args]: readonly string[], env: Record<string, string>): Promise<string> {
  const command = new Deno.Command(program, { args, env, clearEnv: true, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr).trim());
  return decoder.decode(stdout);
}
