import type { DoctorDependencies } from "../flows/doctor/doctor_probes.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import { detectKeyStore } from "../store/keystore/open_key_store.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { probeLoopback } from "../system/network/loopback_probe.ts";
import { runtimeText } from "../system/os.ts";
import { isPermitted, permissionFlag } from "../system/permission.ts";
import { isInstalled } from "../system/processes/processes.ts";
import type { System } from "../system/system.ts";
import { CRYPT32 } from "../system/windows/data_protection.ts";
import { openNetwork } from "./open_network.ts";

/** Joins what examining this machine needs. */
export function openDoctorDependencies(
  system: System,
  parts: { readonly folder: PrivateFolder; readonly store: TokenStore; readonly profiles: ProfileStore },
): DoctorDependencies {
  const { os, env, clock, processes, dataProtection } = system;
  return {
    ...parts,
    os,
    env,
    clock,
    runtime: runtimeText(),
    dataProtectionLibrary: CRYPT32,
    queryPermission: async (need) => ({ flag: permissionFlag(need), isGranted: await isPermitted(need) }),
    probeLoopback,
    isInstalled: (command) => isInstalled(command, system),
    async detectKeyStore() {
      const { folder } = parts;
      const { keyStore } = await detectKeyStore({ env, os, folder, processes, dataProtection });
      return { keyStore: keyStore.name, place: keyStore.place };
    },
    openNetwork: (caCertFile) => openNetwork(system, caCertFile),
  };
}
