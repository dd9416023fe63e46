import { openProfileStore, type ProfileStore } from "../profiles/profile_store.ts";
import { openTokenStore, type TokenStore } from "../store/token_store.ts";
import type { Clock } from "../system/clock.ts";
import type { Environment } from "../system/environment.ts";
import type { Files } from "../system/files/files.ts";
import type { Locks } from "../system/files/lock.ts";
import { openPrivateFolder, type PrivateFolder } from "../system/files/private_folder.ts";
import type { Os } from "../system/os.ts";
import { homeFolder } from "../system/path.ts";
import type { Processes } from "../system/processes/processes.ts";
import type { DataProtection } from "../system/windows/data_protection.ts";

/** The part of the system that profiles and tokens are stored with. */
export interface StorageSystem {
  readonly os: Os;
  readonly env: Environment;
  readonly clock: Clock;
  readonly files: Files;
  readonly locks: Locks;
  readonly processes: Pick<Processes, "run">;
  readonly interrupted: AbortSignal;
  dataProtection(): Promise<DataProtection>;
}

/** The program's folder, and the profiles and tokens in it. Each is made when it is first used. */
export interface Stored {
  /** Path of the folder. */
  readonly home: string;
  readonly folder: PrivateFolder;
  readonly profiles: ProfileStore;
  readonly store: TokenStore;
}

/** @param notice Reports a repaired mode, or a moved key, in one sentence. */
export function openStored(system: StorageSystem, notice: (message: string) => void): Stored {
  const { env, os, clock, files, locks, processes, dataProtection } = system;
  const home = once(() => homeFolder(env, os));
  const folder = once(() => openPrivateFolder({ path: home(), files, locks, notice }));
  const profiles = once(() => openProfileStore({ folder: folder() }));
  const store = once(() => {
    const interrupted = () => system.interrupted;
    return openTokenStore({
      env,
      os,
      clock,
      folder: folder(),
      processes,
      dataProtection,
      interrupted,
      notice,
    });
  });
  return {
    get home() {
      return home();
    },
    get folder() {
      return folder();
    },
    get profiles() {
      return profiles();
    },
    get store() {
      return store();
    },
  };
}

/** Makes a value when it is first needed, and only then. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
