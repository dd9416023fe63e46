import { CliError } from "../../errors.ts";
import type { DataProtection } from "../../system/windows/data_protection.ts";
import type { Environment } from "../../system/environment.ts";
import type { Os } from "../../system/os.ts";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import type { Processes } from "../../system/processes/processes.ts";
import { environmentKeyStore, KEY_VARIABLE } from "./environment_key.ts";
import { keyFileStore } from "./key_file.ts";
import { KEY_STORE_LABELS, type KeyStore, type KeyStoreName } from "./key_store.ts";

/** The variable that forces a guardian. */
export const KEYRING_VARIABLE = "ENTRA_AUTH_CLI_KEYRING";

/** What the guardians of this machine need. */
export interface KeyStoreContext {
  /** Holds {@linkcode KEY_VARIABLE} and {@linkcode KEYRING_VARIABLE}, and says what kind of session this is. */
  readonly env: Environment;
  /** Which key store there can be. */
  readonly os: Os;
  /** Where a key is that no key store keeps. */
  readonly folder: PrivateFolder;
  /** Runs the programs that speak with key stores. */
  readonly processes: Pick<Processes, "run">;
  /** Gives what is aborted when the user ends the program: nobody will answer a key store's question then. */
  readonly interrupted?: () => AbortSignal;
  /** Opens the system's own encryption, where it has one. */
  readonly dataProtection: () => Promise<DataProtection>;
}

/** The guardian that the environment forces, or null where the choice is left to the program. @throws {CliError} `usage` */
export function forcedKeyStore(env: Environment): KeyStoreName | null {
  if (env.get(KEY_VARIABLE) !== undefined) return "environment";
  const value = env.get(KEYRING_VARIABLE);
  if (value === undefined) return null;
  const name = Object.hasOwn(KEYRING_VALUES, value) ? KEYRING_VALUES[value] : undefined;
  if (name !== undefined) return name;
  throw new CliError("usage", `${KEYRING_VARIABLE} is ${JSON.stringify(value)}, which is no key store`, {
    hint: `Set it to one of: ${Object.keys(KEYRING_VALUES).join(", ")}.`,
  });
}

/** Whether this kind of system can have the guardian. */
export function isOnSystem(name: KeyStoreName, os: Os): boolean {
  return (HOMES[name] ?? os) === os;
}

/**
 * The guardian with this name. Only the module that is needed is loaded.
 *
 * @throws {CliError} `store` where this kind of system has no such guardian.
 */
export async function openKeyStore(name: KeyStoreName, context: KeyStoreContext): Promise<KeyStore> {
  const { env, os, folder, processes } = context;
  if (!isOnSystem(name, os)) throw notOnThisSystem(name, os);
  switch (name) {
    case "key-file":
      return keyFileStore(folder);
    case "environment":
      return environmentKeyStore(env.get(KEY_VARIABLE));
    case "dpapi":
      return (await import("./dpapi.ts")).dpapiKeyStore(folder, context.dataProtection);
    case "keychain":
      return await untilInterrupted(
        context,
        async (interrupted) => (await import("./keychain.ts")).keychainKeyStore(processes, { interrupted }),
      );
    case "secret-service":
      return await untilInterrupted(
        context,
        async (interrupted) =>
          (await import("./secret_service.ts")).secretServiceKeyStore(processes, env, interrupted),
      );
  }
}

/** A key store answers in its own time: a key that comes once the user has ended the program is none. */
async function untilInterrupted(
  { interrupted }: KeyStoreContext,
  open: (interrupted: AbortSignal | undefined) => Promise<KeyStore>,
): Promise<KeyStore> {
  const signal = interrupted?.();
  const keyStore = await open(signal);
  return {
    ...keyStore,
    async load(id) {
      const key = await keyStore.load(id);
      signal?.throwIfAborted();
      return key;
    },
  };
}

const KEYRING_VALUES: Readonly<Record<string, KeyStoreName | null>> = {
  "auto": null,
  "secret-service": "secret-service",
  "keychain": "keychain",
  "dpapi": "dpapi",
  "file": "key-file",
};

/** The one system that a guardian is on; the others are everywhere. */
const HOMES: Readonly<Partial<Record<KeyStoreName, Os>>> = {
  "dpapi": "windows",
  "keychain": "darwin",
  "secret-service": "linux",
};

function notOnThisSystem(name: KeyStoreName, os: Os): CliError {
  const own = (Object.keys(HOMES) as KeyStoreName[]).find((other) => HOMES[other] === os);
  return new CliError("store", `This system does not have ${KEY_STORE_LABELS[name]}`, {
    hint: `Choose with ${KEYRING_VARIABLE}: auto, file${own === undefined ? "" : ` or ${own}`}.`,
  });
}
