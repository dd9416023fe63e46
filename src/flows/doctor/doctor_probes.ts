import { displayReason, hasDisplay } from "../../browser/display.ts";
import { openerCommands } from "../../browser/opener.ts";
import { CliError } from "../../errors.ts";
import { discoveryUrl } from "../../identity/cloud.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { SignInSettings } from "../../profiles/settings.ts";
import type { KeyPlace, TokenStore } from "../../store/token_store.ts";
import type { Clock } from "../../system/clock.ts";
import type { Environment } from "../../system/environment.ts";
import { LockedError } from "../../system/files/file_error.ts";
import type { Files } from "../../system/files/files.ts";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import type { ProbeResult } from "../../system/network/loopback_probe.ts";
import type { Network } from "../../system/network/network.ts";
import { findRouteIfReadable } from "../../system/network/proxy.ts";
import type { Os } from "../../system/os.ts";
import type { PermissionNeed } from "../../system/permission.ts";
import { parseJsonObject } from "../../text/json.ts";
import type {
  AuthorityResponse,
  AuthorityRoute,
  AzFacts,
  BrowserFacts,
  FolderFacts,
  KeyFacts,
  LoopbackAddress,
  OpenerFacts,
  PermissionFacts,
} from "./checks.ts";
import { isShim } from "../shims.ts";
import type { PrivateNames } from "./finding.ts";

/** The sign-in that the machine is examined for. */
export interface DoctorRequest {
  /** Reads the settings of the profile. */
  readonly settings: () => Promise<SignInSettings>;
  /** A PEM file with a root certificate to trust for the authority. */
  readonly caCertFile: string | undefined;
}

export interface DoctorDependencies {
  readonly os: Os;
  readonly env: Environment;
  readonly clock: Clock;
  readonly folder: PrivateFolder;
  readonly profiles: ProfileStore;
  readonly store: TokenStore;
  /** What runs the program: "Deno 2.9.6 on linux x86_64, from its source". */
  readonly runtime: string;
  /** The library that protects keys on Windows. */
  readonly dataProtectionLibrary: string;
  readonly queryPermission: (need: PermissionNeed) => Promise<PermissionFacts>;
  readonly probeLoopback: (address: LoopbackAddress, signal: AbortSignal) => Promise<ProbeResult>;
  /** Whether a program exists. @throws {CliError} `permission` */
  readonly isInstalled: (command: string) => Promise<boolean>;
  /** Returns the path of the program `name` in PATH, or null. @throws {CliError} `permission` */
  readonly findInPath: (name: string) => Promise<string | null>;
  readonly files: Pick<Files, "read">;
  /** Returns the best key store of this machine. */
  readonly detectKeyStore: () => Promise<Pick<KeyPlace, "keyStore" | "place">>;
  /** Opens the network. @throws {CliError} `usage` or `permission`, about the file. */
  readonly openNetwork: (caCertFile: string | undefined) => Promise<Network>;
}

/** The facts of this machine, each collected when its method is called. A method may throw a `CliError`. */
export interface DoctorProbes {
  readonly os: Os;
  readonly runtime: string;
  readonly privateNames: PrivateNames;
  /** Queries the permissions that a sign-in at `host` needs. */
  permissions(host: string): Promise<PermissionFacts[]>;
  /** Writes and locks the program's folder, which is made if it is missing. */
  folder(): Promise<FolderFacts>;
  countProfiles(): Promise<number>;
  settings(): Promise<SignInSettings>;
  /** Decrypts the saved sign-ins and counts them. */
  countSignIns(): Promise<number>;
  key(): Promise<KeyFacts>;
  browser(): Promise<BrowserFacts>;
  /** Looks for the program that is called as `az`. */
  az(): Promise<AzFacts>;
  /** Listens on `address` and connects to it. */
  connectToItself(address: LoopbackAddress, signal: AbortSignal): Promise<ProbeResult>;
  /** Determines how the authority at `url` is reached. */
  route(url: string): AuthorityRoute;
  /** Requests the discovery document of the authority at `url`, a base with its tenant. */
  askAuthority(url: string, signal: AbortSignal): Promise<AuthorityResponse>;
}

export function openDoctorProbes(request: DoctorRequest, dependencies: DoctorDependencies): DoctorProbes {
  const { os, env, runtime, folder, profiles, store, probeLoopback } = dependencies;
  return {
    os,
    runtime,
    privateNames: privateNames(os, env),
    permissions: (host) => queryPermissions(host, dependencies),
    folder: () => probeFolder(folder),
    countProfiles: async () => (await profiles.list()).length,
    settings: request.settings,
    countSignIns: async () => (await store.list()).length,
    key: () => probeKey(dependencies),
    browser: () => probeBrowser(dependencies),
    az: () => probeAz(dependencies),
    connectToItself: probeLoopback,
    route: (url) => authorityRoute(url, request.caCertFile, env, runtime),
    askAuthority: (url, signal) => askAuthority(url, request.caCertFile, dependencies, signal),
  };
}

function privateNames(os: Os, env: Environment): PrivateNames {
  const read = (name: string) => {
    try {
      return env.get(name);
    } catch (error) {
      // A variable that may not be read cannot appear in a finding either.
      if (error instanceof CliError) return undefined;
      throw error;
    }
  };
  return {
    home: read(os === "windows" ? "USERPROFILE" : "HOME"),
    ownFolder: read("ENTRA_AUTH_CLI_HOME"),
    os,
  };
}

async function queryPermissions(
  host: string,
  { os, folder, dataProtectionLibrary, queryPermission }: DoctorDependencies,
): Promise<PermissionFacts[]> {
  const needs: PermissionNeed[] = [
    { name: "net", host: new URL(`https://${host}`).port === "" ? `${host}:443` : host },
    { name: "net", host: "127.0.0.1" },
    { name: "net", host: "[::1]" },
    { name: "read", path: folder.path },
    { name: "write", path: folder.path },
  ];
  if (os === "windows") needs.push({ name: "ffi", path: dataProtectionLibrary });
  else needs.push({ name: "sys", kind: "uid" });
  if (os === "darwin") needs.push({ name: "run", command: "/usr/bin/security" });
  return await Promise.all(needs.map(queryPermission));
}

/** Every writer of tokens takes this lock. */
const LOCK = "tokens.lock";
const LOCK_TIMEOUT_MS = 1_000;
/** Where locks work, a second lock is refused at once: the first one holds it. */
const SECOND_LOCK_TIMEOUT_MS = 100;

async function probeFolder(folder: PrivateFolder): Promise<FolderFacts> {
  const { path } = folder;
  using first = await tryLock(folder, LOCK_TIMEOUT_MS);
  if (first === null) return { path, locks: "busy" };
  using second = await tryLock(folder, SECOND_LOCK_TIMEOUT_MS);
  await writeAndRemove(folder);
  return { path, locks: second === null ? "work" : "ignored" };
}

/** As large as a token file: a lock can be taken on a full disk too. */
async function writeAndRemove(folder: PrivateFolder): Promise<void> {
  const name = `${LOCK}.try`;
  await folder.replace(name, new Uint8Array(16 * 1024));
  await folder.remove(name);
}

async function tryLock(folder: PrivateFolder, timeoutMs: number): Promise<Disposable | null> {
  try {
    return await folder.lock(LOCK, { timeoutMs });
  } catch (error) {
    if (error instanceof LockedError) return null;
    throw error;
  }
}

async function probeKey({ store, detectKeyStore }: DoctorDependencies): Promise<KeyFacts> {
  const place = await store.keyPlace();
  return { place, best: place.keyStore === "key-file" ? await detectKeyStore() : place };
}

async function probeBrowser(dependencies: DoctorDependencies): Promise<BrowserFacts> {
  const { os, env } = dependencies;
  const commands = openerCommands("https://localhost", { os, env });
  return {
    hasDisplay: hasDisplay(os, env),
    displayReason: displayReason(os, env),
    browserVariable: env.get("BROWSER"),
    openers: await Promise.all(commands.map(({ command }) => probeOpener(command, dependencies))),
  };
}

async function probeOpener(command: string, dependencies: DoctorDependencies): Promise<OpenerFacts> {
  const { isGranted, hint } = await dependencies.queryPermission({ name: "run", command });
  const isInstalled = await isInstalledIfReadable(command, dependencies);
  return { command, isInstalled, isPermitted: isGranted, hint };
}

async function isInstalledIfReadable(
  command: string,
  { isInstalled }: DoctorDependencies,
): Promise<boolean | null> {
  try {
    return await isInstalled(command);
  } catch (error) {
    if (error instanceof CliError && error.code === "permission") return null;
    throw error;
  }
}

async function probeAz({ findInPath, files }: DoctorDependencies): Promise<AzFacts> {
  try {
    const path = await findInPath("az");
    return path === null ? null : { path, isShim: await isShim(path, files) };
  } catch (error) {
    if (error instanceof CliError && error.code === "permission") return undefined;
    throw error;
  }
}

function authorityRoute(
  url: string,
  caCertFile: string | undefined,
  env: Environment,
  runtime: string,
): AuthorityRoute {
  const address = new URL(url);
  const route = findRouteIfReadable(address, env);
  return {
    host: address.host,
    proxy: route?.proxy?.host ?? null,
    ignoredVariable: route?.ignored ?? null,
    extraRoots: extraRoots(caCertFile, env, runtime),
  };
}

/** Deno reads NODE_EXTRA_CA_CERTS since 2.9. */
const IGNORES_NODE_ROOTS = /^Deno 2\.[0-8]\./;

/** Returns the files with root certificates that Deno trusts in addition to its own, or null if there are none. */
function extraRoots(caCertFile: string | undefined, env: Environment, runtime: string): string | null {
  const variables = IGNORES_NODE_ROOTS.test(runtime) ? ["DENO_CERT"] : ["DENO_CERT", "NODE_EXTRA_CA_CERTS"];
  const set = variables.filter((name) => env.get(name) !== undefined).map((name) => `$${name}`);
  const files = caCertFile === undefined ? set : [caCertFile, ...set];
  return files.length === 0 ? null : files.join(", ");
}

const REQUEST_TIMEOUT_MS = 8_000;
const MAX_BYTES = 1024 * 1024;

async function askAuthority(
  url: string,
  caCertFile: string | undefined,
  { clock, openNetwork }: DoctorDependencies,
  signal: AbortSignal,
): Promise<AuthorityResponse> {
  const network = await openNetwork(caCertFile);
  const sentAt = clock.now();
  const { status, headers, body } = await network.send({
    url: discoveryUrl(url),
    method: "GET",
    headers: { "accept": "application/json", "cache-control": "no-cache" },
    timeoutMs: REQUEST_TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  // The authority took the time somewhere in between, in whole seconds.
  const ownMs = (sentAt + clock.now()) / 2;
  const authorityMs = Date.parse(headers.date ?? "") + 500;
  return {
    status,
    isDiscoveryDocument: isDiscoveryDocument(body),
    clockAheadMs: Number.isNaN(authorityMs) ? null : ownMs - authorityMs,
  };
}

function isDiscoveryDocument(body: Uint8Array): boolean {
  const document = parseJsonObject(new TextDecoder().decode(body));
  return document !== null && "issuer" in document && "token_endpoint" in document;
}
