import type { TokenClient } from "../entra/token_client.ts";
import type { SessionKey } from "../store/session.ts";
import type { AuthorityAccess } from "../flows/flows.ts";
import type { Progress } from "../flows/progress.ts";
import type { Network } from "../system/network.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import { isPermitted, permitted } from "../system/permission.ts";
import type { System } from "../system/system.ts";

/** What MSAL reads while it loads, on every system: it works out where a managed identity would have its files. */
const MSAL_NEEDS = [
  { name: "env", variable: "ProgramData" },
  { name: "env", variable: "ProgramFiles" },
] as const;

/** What a token client works with. */
export interface TokenClientParts extends AuthorityAccess {
  /** The outside world. */
  readonly system: System;
  /** Where the pauses are kept that an authority asks for. */
  readonly folder: PrivateFolder;
  /** Hears of such a pause. */
  readonly progress: Progress;
}

/**
 * Loads MSAL, which takes longer than everything a cached token needs.
 *
 * @throws {CliError} `permission`, or what is wrong with the certificate.
 */
export async function loadTokenClient(key: SessionKey, parts: TokenClientParts): Promise<TokenClient> {
  await assertReachable(key.authority);
  const { createTokenClient } = await permitted(
    MSAL_NEEDS,
    "Loading MSAL",
    () => import("../entra/msal_token_client.ts"),
  );
  const { clock, interrupted: signal } = parts.system;
  const network = await openPatientNetwork(key.clientId, parts);
  const { timeoutMs } = parts;
  return createTokenClient({
    ...key,
    network,
    clock,
    signal,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

async function openPatientNetwork(
  clientId: string,
  { system, folder, caCertFile, progress }: TokenClientParts,
): Promise<Network> {
  const { openNetwork } = await import("./open_network.ts");
  const { patientNetwork } = await import("../system/patient_network.ts");
  const { openPauses } = await import("../system/pauses.ts");
  const { clock } = system;
  return patientNetwork({
    network: await openNetwork(system, caCertFile),
    clock,
    pauses: openPauses(folder, clientId, clock),
    onPause: (host, ms) => progress({ kind: "waiting-for-authority", host, seconds: Math.ceil(ms / 1000) }),
  });
}

/** Asks before anything else: in a cloud whose endpoints are known, the first request comes after the browser. */
async function assertReachable(authority: string): Promise<void> {
  const { host, hostname, port } = new URL(authority);
  if (await isPermitted({ name: "net", host: `${hostname}:${port || "443"}` })) return;
  const { notPermitted } = await import("../system/network_error.ts");
  throw notPermitted(host);
}
