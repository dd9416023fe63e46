import type { ClientCredential } from "../credentials/client_credential.ts";
import type { TokenClientOptions } from "../entra/msal/msal_app.ts";
import type { TokenClient } from "../entra/token_client.ts";
import type { SessionKey } from "../store/session.ts";
import type { TokenRequest } from "../flows/get_token/token_request.ts";
import type { Progress } from "../flows/progress.ts";
import type { Network } from "../system/network/network.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { isPermitted, permitted } from "../system/permission.ts";
import type { System } from "../system/system.ts";

/** What MSAL reads while it loads, on every system: it works out where a managed identity would have its files. */
const MSAL_NEEDS = [
  { name: "env", variable: "ProgramData" },
  { name: "env", variable: "ProgramFiles" },
] as const;

/** Finds what an application proves itself with. */
export type OpenCredential = () => Promise<ClientCredential>;

/** What a token client works with. */
export interface TokenClientParts extends Pick<TokenRequest, "caCertFile" | "timeoutMs"> {
  /** The outside world. */
  readonly system: System;
  /** Where the pauses are kept that an authority asks for. */
  readonly folder: PrivateFolder;
  /** Hears of such a pause. */
  readonly progress: Progress;
  /** Finds what the application proves itself with; absent for a public client. */
  readonly openCredential?: OpenCredential;
}

/**
 * Loads a module that loads MSAL, which takes longer than everything a cached token needs.
 *
 * @param variables What MSAL reads besides, for this grant.
 * @throws {CliError} `permission`
 */
export async function loadMsal<T>(load: () => Promise<T>, variables: readonly string[] = []): Promise<T> {
  const needs = [...MSAL_NEEDS, ...variables.map((variable) => ({ name: "env", variable }) as const)];
  return await permitted(needs, "Loading MSAL", load);
}

/** Loads the client that talks to the authority. @throws {CliError} `permission`, and what {@linkcode tokenClientOptions} throws. */
export async function loadTokenClient(key: SessionKey, parts: TokenClientParts): Promise<TokenClient> {
  await assertReachable(key.authority);
  const { createTokenClient } = await loadMsal(() => import("../entra/msal/msal_token_client.ts"));
  return createTokenClient(await tokenClientOptions(key, parts));
}

/** What a token client is made of. @throws {CliError} What is wrong with the certificate to trust, or with the credential. */
export async function tokenClientOptions(
  { profile, authority, tenant, clientId }: SessionKey,
  parts: TokenClientParts,
): Promise<TokenClientOptions> {
  const { clock, interrupted: signal } = parts.system;
  const network = await openRetryingNetwork(clientId, parts);
  const { timeoutMs, openCredential } = parts;
  return {
    profile,
    authority,
    tenant,
    clientId,
    network,
    clock,
    signal,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(openCredential === undefined ? {} : { credential: await openCredential() }),
  };
}

/** The network that obeys the pauses which hosts ask for. @throws {CliError} What is wrong with the certificate to trust. */
export async function openRetryingNetwork(
  clientId: string,
  { system, folder, caCertFile, progress }: Omit<TokenClientParts, "openCredential">,
): Promise<Network> {
  const { openNetwork } = await import("./open_network.ts");
  const { retryingNetwork } = await import("../system/network/retrying_network.ts");
  const { openThrottleState } = await import("../system/network/throttle_state.ts");
  const { clock } = system;
  return retryingNetwork({
    network: await openNetwork(system, caCertFile),
    clock,
    throttle: openThrottleState(folder, clientId, clock),
    onPause: (host, ms) => progress({ kind: "waiting-for-authority", host, seconds: Math.ceil(ms / 1000) }),
  });
}

/** Asks before anything else: in a cloud whose endpoints are known, the first request comes after the browser. */
async function assertReachable(authority: string): Promise<void> {
  const { host, hostname, port } = new URL(authority);
  if (await isPermitted({ name: "net", host: `${hostname}:${port || "443"}` })) return;
  const { notPermitted } = await import("../system/network/network_error.ts");
  throw notPermitted(host);
}
