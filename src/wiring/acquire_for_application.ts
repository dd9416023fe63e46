import type { IssuedTokens, RefreshOptions } from "../entra/token_client.ts";
import type { TokenRequest } from "../flows/get_token/token_request.ts";
import { parseManagedIdentity } from "../profiles/managed_identity.ts";
import {
  loadMsal,
  type OpenCredential,
  tokenClientOptions,
  type TokenClientParts,
} from "./load_token_client.ts";

/** By these Azure says which service's endpoint gives a machine its identity. */
const MACHINE_VARIABLES = [
  "IDENTITY_ENDPOINT",
  "IDENTITY_HEADER",
  "IDENTITY_SERVER_THUMBPRINT",
  "IMDS_ENDPOINT",
  "MSI_ENDPOINT",
  "MSI_SECRET",
  "DEFAULT_IDENTITY_CLIENT_ID",
  "AZURE_POD_IDENTITY_AUTHORITY_HOST",
];
/** MSAL reads them and is told to leave them alone: a token endpoint of a region would be on another host. */
const REGION_VARIABLES = ["MSAL_FORCE_REGION", "REGION_NAME"];

/**
 * Gets a token for the application itself.
 *
 * @throws {CliError} `permission`, and what the credential and the authority throw.
 */
export async function acquireTokenForApplication(
  { key, flow }: Pick<TokenRequest, "key" | "flow">,
  options: RefreshOptions,
  parts: TokenClientParts & { readonly openCredential: OpenCredential },
): Promise<IssuedTokens> {
  if (flow === "managed-identity") {
    const { acquireManagedIdentityToken } = await loadMsal(
      () => import("../entra/msal/managed_identity.ts"),
      MACHINE_VARIABLES,
    );
    const { directNetwork } = await import("../system/network/direct_network.ts");
    const { env, clock, interrupted: signal } = parts.system;
    const identity = parseManagedIdentity(key.clientId);
    const limit = parts.timeoutMs === undefined ? {} : { timeoutMs: parts.timeoutMs };
    const machine = { identity, network: directNetwork, env, clock, signal, ...limit };
    return await acquireManagedIdentityToken(machine, options.scopes);
  }
  const { acquireTokenForApplication } = await loadMsal(
    () => import("../entra/msal/msal_token_client.ts"),
    REGION_VARIABLES,
  );
  const { credential, ...client } = await tokenClientOptions(key, parts);
  if (credential === undefined) throw new Error("An application without a credential");
  return await acquireTokenForApplication({ ...client, credential }, options);
}
