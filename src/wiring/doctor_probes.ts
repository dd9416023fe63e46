import { displayReason, hasDisplay } from "../browser/display.ts";
import { openerCommands } from "../browser/opener.ts";
import type { BrowserFacts, OpenerFacts } from "../flows/doctor/check_browser.ts";
import type { FolderFacts } from "../flows/doctor/check_folder.ts";
import type { KeyFacts } from "../flows/doctor/check_key.ts";
import type { PermissionFacts } from "../flows/doctor/check_permissions.ts";
import type { DoctorProbes, DoctorRequest } from "../flows/doctor/doctor_probes.ts";
import type { PrivateNames } from "../flows/doctor/redact.ts";
import { CliError } from "../errors.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import { detectKeyStore } from "../store/keystore/open_key_store.ts";
import type { TokenStore } from "../store/token_store.ts";
import { CRYPT32 } from "../system/windows/data_protection.ts";
import { isInstalled } from "../system/processes/processes.ts";
import { probeLoopback } from "../system/network/loopback_probe.ts";
import { isPermitted, permissionFlag, type PermissionNeed } from "../system/permission.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { runtimeText } from "../system/os.ts";
import type { System } from "../system/system.ts";
import { askAuthority, authorityRoute } from "./ask_authority.ts";

/** What {@linkcode openDoctorProbes} looks at. */
export interface DoctorProbesOptions extends DoctorRequest {
  /** The outside world. */
  readonly system: System;
  /** The program's folder. */
  readonly folder: PrivateFolder;
  /** The tokens in it. */
  readonly store: TokenStore;
  /** The profiles in it. */
  readonly profiles: ProfileStore;
}

/** This machine, ready to be examined. Nothing is looked at before it is asked for. */
export function openDoctorProbes(parts: DoctorProbesOptions): DoctorProbes {
  const { system, folder, store, profiles, settings } = parts;
  return {
    os: system.os,
    runtime: runtimeText(),
    privateNames: privateNames(system),
    permissions: (host) => grantedPermissions(host, parts),
    folder: () => tryFolder(folder),
    countProfiles: async () => (await profiles.list()).length,
    settings,
    countSignIns: async () => (await store.list()).length,
    key: () => keyFacts(parts),
    browser: () => browserFacts(system),
    connectToItself: (address, signal) => probeLoopback(address, signal),
    route: (url) => authorityRoute(url, parts),
    askAuthority: (url, signal) => askAuthority(url, parts, signal),
  };
}

function privateNames({ env, os }: System): PrivateNames {
  const read = (name: string) => {
    try {
      return env.get(name);
    } catch (error) {
      // What may not be read can't be shown by anything that is looked at either.
      if (error instanceof CliError) return undefined;
      throw error;
    }
  };
  return { home: read(os === "windows" ? "USERPROFILE" : "HOME"), ownFolder: read("ENTRA_AUTH_CLI_HOME") };
}

async function grantedPermissions(
  host: string,
  { system, folder }: DoctorProbesOptions,
): Promise<PermissionFacts[]> {
  const needs: PermissionNeed[] = [
    { name: "net", host: new URL(`https://${host}`).port === "" ? `${host}:443` : host },
    { name: "net", host: "127.0.0.1" },
    { name: "net", host: "[::1]" },
    { name: "read", path: folder.path },
    { name: "write", path: folder.path },
    ...(system.os === "windows" ? [{ name: "ffi", path: CRYPT32 } as const] : []),
    ...(system.os === "darwin" ? [{ name: "run", command: "/usr/bin/security" } as const] : []),
  ];
  return await Promise.all(
    needs.map(async (need) => ({ flag: permissionFlag(need), isGranted: await isPermitted(need) })),
  );
}

/** Every writer of tokens takes this lock. */
const LOCK = "tokens.lock";
const LOCK_TIMEOUT_MS = 1_000;
/** Nobody holds the second lock but the first: it is refused at once where locks work. */
const SECOND_LOCK_TIMEOUT_MS = 100;

async function tryFolder(folder: PrivateFolder): Promise<FolderFacts> {
  const { path } = folder;
  const first = await lockUnlessBusy(folder, LOCK_TIMEOUT_MS);
  if (first === null) return { path, locks: "busy" };
  using _first = first;
  using second = await lockUnlessBusy(folder, SECOND_LOCK_TIMEOUT_MS);
  await writeAndRemove(folder);
  return { path, locks: second === null ? "work" : "ignored" };
}

/** As large as a file of tokens: a lock can be made on a full disk too. */
async function writeAndRemove(folder: PrivateFolder): Promise<void> {
  const name = `${LOCK}.try`;
  await folder.replace(name, new Uint8Array(16 * 1024));
  await folder.remove(name);
}

async function lockUnlessBusy(folder: PrivateFolder, timeoutMs: number): Promise<Disposable | null> {
  try {
    return await folder.lock(LOCK, { timeoutMs });
  } catch (error) {
    if (error instanceof CliError && /is locked by another process/.test(error.message)) return null;
    throw error;
  }
}

async function keyFacts({ system, folder, store }: DoctorProbesOptions): Promise<KeyFacts> {
  const place = await store.keyPlace();
  if (place.keyStore !== "key-file") return { place, best: place };
  const { env, os, processes, dataProtection } = system;
  const { keyStore } = await detectKeyStore({ env, os, folder, processes, dataProtection });
  return { place, best: { keyStore: keyStore.name, place: keyStore.place } };
}

async function browserFacts(system: System): Promise<BrowserFacts> {
  const { os, env } = system;
  return {
    hasDisplay: hasDisplay(os, env),
    displayReason: displayReason(os, env),
    browserVariable: env.get("BROWSER"),
    openers: await Promise.all(
      openerCommands("https://localhost", system).map(({ command }) => openerFacts(command, system)),
    ),
  };
}

async function openerFacts(command: string, system: System): Promise<OpenerFacts> {
  return {
    command,
    isInstalled: await isInstalledIfSeen(command, system),
    isPermitted: await isPermitted({ name: "run", command }),
  };
}

/** Null where the program may not look. */
async function isInstalledIfSeen(command: string, system: System): Promise<boolean | null> {
  try {
    return await isInstalled(command, system);
  } catch (error) {
    if (error instanceof CliError && error.code === "permission") return null;
    throw error;
  }
}
