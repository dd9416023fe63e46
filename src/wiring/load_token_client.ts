import type { TokenClient } from "../entra/token_client.ts";
import type { SessionKey } from "../store/session.ts";
import { isPermitted, permitted } from "../system/permission.ts";
import type { System } from "../system/system.ts";

/** What MSAL reads while it loads, on every system: it works out where a managed identity would have its files. */
const MSAL_NEEDS = [
  { name: "env", variable: "ProgramData" },
  { name: "env", variable: "ProgramFiles" },
] as const;

/**
 * Loads MSAL, which takes longer than everything a cached token needs.
 *
 * @param caCertFile A PEM file with a root to trust for the authority.
 * @throws {CliError} `permission`, or what is wrong with the certificate.
 */
export async function loadTokenClient(
  system: System,
  key: SessionKey,
  caCertFile: string | undefined,
): Promise<TokenClient> {
  await assertReachable(key.authority);
  const { createTokenClient } = await permitted(
    MSAL_NEEDS,
    "Loading MSAL",
    () => import("../entra/msal_token_client.ts"),
  );
  const { openNetwork } = await import("./open_network.ts");
  const { clock, interrupted: signal } = system;
  return createTokenClient({ ...key, network: await openNetwork(system, caCertFile), clock, signal });
}

/** Asks before anything else: in a cloud whose endpoints are known, the first request comes after the browser. */
async function assertReachable(authority: string): Promise<void> {
  const { host, hostname, port } = new URL(authority);
  if (await isPermitted({ name: "net", host: `${hostname}:${port || "443"}` })) return;
  const { notPermitted } = await import("../system/network_error.ts");
  throw notPermitted(host);
}
