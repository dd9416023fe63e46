import type { TokenClient } from "../entra/token_client.ts";
import type { SessionKey } from "../store/session.ts";
import { permitted } from "../system/permission.ts";
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
  const { createTokenClient } = await permitted(
    MSAL_NEEDS,
    "Loading MSAL",
    () => import("../entra/msal_token_client.ts"),
  );
  const { readRoots } = await import("../system/root_certificates.ts");
  const roots = caCertFile === undefined ? [] : await readRoots(caCertFile, system.files);
  const { clock, interrupted: signal } = system;
  return createTokenClient({ ...key, network: system.network(roots), clock, signal });
}
