import type { TokenRequest } from "../flows/get_token/token_request.ts";
import type { Progress } from "../flows/progress.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { Network } from "../system/network/network.ts";
import { retryingNetwork } from "../system/network/retrying_network.ts";
import { readRoots } from "../system/network/root_certificates.ts";
import { openThrottleState } from "../system/network/throttle_state.ts";
import type { System } from "../system/system.ts";

/** Opens the network, which also trusts the roots in `caCertFile` (PEM). @throws {CliError} `usage` or `permission`, about the file. */
export async function openNetwork(
  system: System,
  caCertFile: string | undefined,
  timeoutMs?: number,
): Promise<Network> {
  if (caCertFile === undefined) return system.network([]);
  return system.network(await readRoots(caCertFile, system.files, { signal: system.interrupted, timeoutMs }));
}

/** Opens the network that retries requests, and observes the pauses that hosts require of this application. */
export async function openRetryingNetwork(
  { key, caCertFile, timeoutMs }: Pick<TokenRequest, "key" | "caCertFile" | "timeoutMs">,
  { system, folder, progress }: {
    readonly system: System;
    readonly folder: PrivateFolder;
    readonly progress: Progress;
  },
): Promise<Network> {
  const { clock } = system;
  return retryingNetwork({
    network: await openNetwork(system, caCertFile, timeoutMs),
    clock,
    throttle: openThrottleState(folder, key.clientId, clock),
    onPause: (host, ms) => progress({ kind: "waiting-for-authority", host, seconds: Math.ceil(ms / 1000) }),
  });
}
