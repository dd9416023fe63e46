import type { ClientCredential } from "../credentials/client_credential.ts";
import type { TokenClientOptions } from "../entra/msal/msal_app.ts";
import type {
  OpenTokenDependencies,
  TokenDependencies,
  TokenRequest,
} from "../flows/get_token/token_request.ts";
import { usableSecrets } from "../flows/profiles/change_secrets.ts";
import type { Progress } from "../flows/progress.ts";
import { parseManagedIdentity } from "../profiles/managed_identity.ts";
import { needsCredential } from "../profiles/profile.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { ConnectionCheck } from "../system/network/connection_owner.ts";
import type { Network } from "../system/network/network.ts";
import { permissionHint, permitted } from "../system/permission.ts";
import { isSandboxed } from "../system/sandbox.ts";
import type { System } from "../system/system.ts";

/** The parts of the program that are joined here. */
export interface TokenParts {
  readonly system: System;
  readonly folder: PrivateFolder;
  readonly store: TokenStore;
  readonly profiles: ProfileStore;
  readonly progress: Progress;
}

/** Joins what it takes to get a token that is not in the cache. Each part is loaded when it is used. */
export function tokenDependencies(parts: TokenParts): OpenTokenDependencies {
  return (request) => openTokenDependencies(request, parts);
}

function openTokenDependencies(request: TokenRequest, parts: TokenParts): TokenDependencies {
  const { key, flow, manner } = request;
  const { system, folder, store, profiles, progress } = parts;
  const { clock, interrupted: signal } = system;
  // Once, though a refresh and the sign-in after it need it: the user is not asked twice for a secret.
  let credential: Promise<ClientCredential> | undefined;
  const openCredential = () => credential ??= findClientCredential(request, parts, openNetwork);
  // Once, because the file of the root certificate can be a pipe.
  let network: Promise<Network> | undefined;
  const openNetwork = () => network ??= openRetryingNetwork(request, parts);
  const loadUserClient = () => loadMsal(() => import("../entra/msal/msal_token_client.ts"));
  return {
    clock,
    store,
    progress,
    signal,
    profiles,
    async prepareCredential() {
      if (needsCredential(flow)) await openCredential();
    },
    async acquireSignInLock(onWait, signal) {
      const { acquireSignInLock } = await import("../store/sign_in_lock.ts");
      const { pid } = system;
      return await acquireSignInLock(
        key,
        { folder, clock, pid, timeoutMs: manner.timeoutMs, onWait },
        signal,
      );
    },
    prepareTokenClient() {
      system.prepareNetwork();
      // A failure is reported when the client is needed.
      loadUserClient().catch(() => {});
    },
    async loadTokenClient() {
      system.prepareNetwork();
      const { assertPermittedHost } = await import("../system/network/network_error.ts");
      await assertPermittedHost(new URL(key.authority));
      const { createTokenClient } = await loadUserClient();
      const options = await tokenClientOptions(request, parts, openNetwork);
      return createTokenClient(
        needsCredential(flow) ? { ...options, credential: await openCredential() } : options,
      );
    },
    async signIn(tokens, options, signal) {
      const { signInByFlow } = await import("../flows/sign_in/sign_in_by_flow.ts");
      return await signInByFlow({ flow, options, manner }, {
        ...{ os: system.os, env: system.env, clock, terminal: system.terminal, tokens, progress },
        async listen(ports, expected) {
          const { listenForCallback } = await import("../loopback/callback_server.ts");
          const isAllowed = await openConnectionCheck(system, progress);
          return await listenForCallback(ports, expected, system.os, isAllowed, key);
        },
        async openBrowser(url, signal) {
          const { openBrowser } = await import("../browser/open_browser.ts");
          return await openBrowser(url, system, signal);
        },
      }, signal);
    },
    async acquireWithClientCredentials(options) {
      system.prepareNetwork();
      const { acquireTokenForApplication } = await loadMsal(
        () => import("../entra/msal/msal_token_client.ts"),
        REGION_VARIABLES,
      );
      const client = await tokenClientOptions(request, parts, openNetwork);
      return await acquireTokenForApplication({ ...client, credential: await openCredential() }, options);
    },
    async acquireWithManagedIdentity({ scopes }) {
      const { acquireManagedIdentityToken } = await loadMsal(
        () => import("../entra/msal/managed_identity.ts"),
        MANAGED_IDENTITY_VARIABLES,
      );
      const { directNetwork } = await import("../system/network/direct_network.ts");
      const identity = parseManagedIdentity(key.clientId);
      const { timeoutMs, caCertFile } = request;
      const { readRoots } = await import("../system/network/root_certificates.ts");
      const roots = caCertFile === undefined
        ? []
        : await readRoots(caCertFile, system.files, { signal, timeoutMs });
      return await acquireManagedIdentityToken(
        {
          identity,
          profile: key.profile,
          tenant: key.tenant,
          network: directNetwork(roots),
          env: system.env,
          clock,
          signal,
          timeoutMs,
        },
        scopes,
      );
    },
  };
}

/**
 * Opens the check of who connects to a port of this program: the command line of the browser, which contains `state`, can
 * be read by all users. Only Linux tells who opened a connection.
 */
export async function openConnectionCheck(
  system: System,
  progress: Progress,
): Promise<ConnectionCheck | undefined> {
  const userId = system.files.userId();
  if (system.os !== "linux" || userId === null) return undefined;
  const { socketTables: tables } = system;
  if (!await tables.areReadable()) {
    const hint = isSandboxed
      ? "Mount /proc, whose tables of sockets name the user."
      : permissionHint({ name: "run", command: "cat" });
    progress({ kind: "connections-not-checked", hint });
    return undefined;
  }
  const { connectionCheck } = await import("../system/network/connection_owner.ts");
  const acceptsUnlisted = system.env.get("WSL_DISTRO_NAME") !== undefined;
  return connectionCheck({ tables, userId, acceptsUnlisted });
}

async function tokenClientOptions(
  request: TokenRequest,
  parts: TokenParts,
  openNetwork: () => Promise<Network>,
): Promise<Omit<TokenClientOptions, "credential">> {
  const { profile, authority, tenant, clientId } = request.key;
  const { timeoutMs } = request;
  const { clock, interrupted: signal } = parts.system;
  const network = await openNetwork();
  return { profile, authority, tenant, clientId, network, clock, signal, timeoutMs };
}

async function openRetryingNetwork(request: TokenRequest, parts: TokenParts): Promise<Network> {
  const { openRetryingNetwork } = await import("./open_network.ts");
  return await openRetryingNetwork(request, parts);
}

/** Finds the credential of the application. @throws {CliError} What `findCredential()` and reading the root certificate throw. */
async function findClientCredential(
  request: TokenRequest,
  parts: TokenParts,
  openNetwork: () => Promise<Network>,
): Promise<ClientCredential> {
  const { key, flow, timeoutMs, loadClientAuthentication } = request;
  const { findCredential } = await import("../credentials/find_credential.ts");
  const { readCredentialFile } = await import("../system/files/user_files.ts");
  const { env, clock, files, interrupted: signal } = parts.system;
  const typed = await loadClientAuthentication?.();
  const { profile, identity } = await parts.profiles.lookUp(key.profile);
  // The network serves the issuers of assertions.
  const network = await openNetwork();
  const { credential, from } = await findCredential({
    flags: typed?.flags ?? {},
    certificate: profile?.certificate,
    // An authority that the user names for this call is the user's own choice, so the profile's counts.
    stored: async () =>
      usableSecrets(await parts.store.readSecrets(key.profile, identity), {
        clientId: key.clientId,
        authority: profile?.authority,
      }),
    ask: typed?.ask ?? (() => Promise.resolve(null)),
    authority: key.authority,
    flow,
  }, {
    env,
    clock,
    network,
    signal,
    timeoutMs,
    readFile: (path, what, source) => readCredentialFile(files, path, what, source, { signal, timeoutMs }),
  });
  parts.progress({ kind: "using-credential", from });
  return credential;
}

/** Variables that MSAL reads while it loads, on every system: it computes where a managed identity would have its files. */
const MSAL_VARIABLES = ["ProgramData", "ProgramFiles"];

/** Variables by which Azure names the service that gives a machine its identity. */
const MANAGED_IDENTITY_VARIABLES = [
  "IDENTITY_ENDPOINT",
  "IDENTITY_HEADER",
  "IDENTITY_SERVER_THUMBPRINT",
  "IMDS_ENDPOINT",
  "MSI_ENDPOINT",
  "MSI_SECRET",
  "DEFAULT_IDENTITY_CLIENT_ID",
  "AZURE_POD_IDENTITY_AUTHORITY_HOST",
];

/** MSAL reads these, and is configured to ignore them: a token endpoint of a region would be on another host. */
const REGION_VARIABLES = ["MSAL_FORCE_REGION", "REGION_NAME"];

/**
 * Loads a module that loads MSAL, which takes longer than everything that a cached token needs.
 *
 * @param variables What MSAL reads for this grant.
 * @throws {CliError} `permission`
 */
async function loadMsal<T>(load: () => Promise<T>, variables: readonly string[] = []): Promise<T> {
  const needs = [...MSAL_VARIABLES, ...variables].map((variable) => ({ name: "env", variable }) as const);
  return await permitted(needs, "Loading MSAL", load);
}
