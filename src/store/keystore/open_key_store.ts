import { CliError } from "../../errors.ts";
import type { Environment } from "../../system/environment.ts";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import type { Os } from "../../system/os.ts";
import type { Processes } from "../../system/processes/processes.ts";
import type { DataProtection } from "../../system/windows/data_protection.ts";
import { keyFileStore } from "./key_file.ts";
import {
  type DataKey,
  importDataKey,
  KEY_STORE_LABELS,
  type KeyStore,
  type KeyStoreName,
  parseKeyText,
} from "./key_store.ts";

/** The variable that selects a key store. */
export const KEYRING_VARIABLE = "ENTRA_AUTH_CLI_KEYRING";

/** The variable that contains the data key, for machines without a key store, such as CI runners. */
export const KEY_VARIABLE = "ENTRA_AUTH_CLI_KEY";

/** Everything that the key stores of a machine need. */
export interface KeyStoreContext {
  readonly env: Environment;
  readonly os: Os;
  /** The folder of a key that is not in a key store of the system. */
  readonly folder: PrivateFolder;
  /** Runs the programs that access key stores. */
  readonly processes: Pick<Processes, "run">;
  /** Returns a signal that is aborted when the user interrupts the program: a prompt of a key store is then unanswered. */
  readonly interrupted?: (() => AbortSignal) | undefined;
  /** Loads Windows DPAPI. */
  readonly dataProtection: () => Promise<DataProtection>;
}

/** Returns the key store that the environment selects, or null if the program chooses. @throws {CliError} `usage` */
export function forcedKeyStore(env: Environment): KeyStoreName | null {
  if (env.get(KEY_VARIABLE) !== undefined) return "environment";
  const value = env.get(KEYRING_VARIABLE);
  if (value === undefined) return null;
  const name = Object.hasOwn(KEYRING_VALUES, value) ? KEYRING_VALUES[value] : undefined;
  if (name !== undefined) return name;
  const values = Object.keys(KEYRING_VALUES).join(", ");
  throw new CliError(
    "usage",
    `Invalid ${KEYRING_VARIABLE} ${JSON.stringify(value)}: expected one of ${values}`,
  );
}

const KEYRING_VALUES: Readonly<Record<string, KeyStoreName | null>> = {
  "auto": null,
  "secret-service": "secret-service",
  "keychain": "keychain",
  "dpapi": "dpapi",
  "file": "key-file",
};

/** The operating systems of the key stores that exist on one only. */
const SYSTEMS: Readonly<Partial<Record<KeyStoreName, Os>>> = {
  "dpapi": "windows",
  "keychain": "darwin",
  "secret-service": "linux",
};

/** Reports whether the key store exists on this operating system. */
export function isOnSystem(name: KeyStoreName, os: Os): boolean {
  return (SYSTEMS[name] ?? os) === os;
}

/**
 * Opens the key store `name`.
 *
 * @throws {CliError} `store` if it does not exist on this operating system.
 */
export async function openKeyStore(name: KeyStoreName, context: KeyStoreContext): Promise<KeyStore> {
  const { env, os, folder, processes } = context;
  if (!isOnSystem(name, os)) throw notOnThisSystem(name, os);
  switch (name) {
    case "key-file":
      return keyFileStore(folder);
    case "environment":
      return environmentKeyStore(env.get(KEY_VARIABLE));
    // Imported late, because each system has at most one of these.
    case "dpapi": {
      const { dpapiKeyStore } = await import("./dpapi.ts");
      return dpapiKeyStore(folder, context.dataProtection);
    }
    case "keychain": {
      const { keychainKeyStore } = await import("./keychain.ts");
      return untilInterrupted(context, (interrupted) => keychainKeyStore(processes, { interrupted }));
    }
    case "secret-service": {
      const { secretServiceKeyStore } = await import("./secret_service.ts");
      return untilInterrupted(context, (interrupted) => secretServiceKeyStore(processes, env, interrupted));
    }
  }
}

/** A key store chosen by the program. */
export interface DetectedKeyStore {
  readonly keyStore: KeyStore;
  /** Why a better key store is not available, without a full stop. Null if there is none better. */
  readonly reason: string | null;
}

/**
 * Reports whether the machine may have a key store besides the key file, without starting a program: a Secret Service needs
 * the D-Bus of a session.
 */
export function mayHaveKeyStore({ os, env }: Pick<KeyStoreContext, "os" | "env">): boolean {
  return os !== "linux" || BUS_VARIABLES.some((name) => env.get(name) !== undefined);
}

const BUS_VARIABLES = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];

/**
 * Chooses the key store for the first `tokens.enc`: the one of the system if there is one, otherwise the key file. A key
 * store that exists but does not work is still chosen: its error is better than a silent fallback to a file.
 */
export async function detectKeyStore(context: KeyStoreContext): Promise<DetectedKeyStore> {
  if (context.os === "windows") return { keyStore: await openKeyStore("dpapi", context), reason: null };
  if (context.os === "darwin") return { keyStore: await openKeyStore("keychain", context), reason: null };
  const { findSecretService } = await import("./secret_service.ts");
  const found = await findSecretService(context.processes);
  if (found.kind === "available") {
    return { keyStore: await openKeyStore("secret-service", context), reason: null };
  }
  return { keyStore: keyFileStore(context.folder), reason: found.reason };
}

/**
 * Reads the data key from `text`, the value of {@linkcode KEY_VARIABLE}: 32 bytes in base64. Validates it on first use.
 */
export function environmentKeyStore(text: string | undefined): KeyStore {
  async function parse(): Promise<DataKey> {
    const bytes = parseKeyText(text ?? "");
    if (bytes !== null) return await importDataKey(bytes);
    // The value may be a key with a typing error: it is not shown.
    throw new CliError("store", `Invalid ${KEY_VARIABLE}: expected 32 bytes in base64`, {
      hint: `export ${KEY_VARIABLE}="$(openssl rand -base64 32)" sets a new key.`,
    });
  }
  return {
    name: "environment",
    place: `the environment variable ${KEY_VARIABLE}`,
    load: async () => text === undefined ? null : await parse(),
    obtain: parse,
    renew: parse,
    forget: () => Promise.resolve(),
  };
}

/** Discards a key that arrives after the user has interrupted the program: key stores respond in their own time. */
function untilInterrupted(
  { interrupted }: KeyStoreContext,
  open: (interrupted: AbortSignal | undefined) => KeyStore,
): KeyStore {
  const signal = interrupted?.();
  const keyStore = open(signal);
  return {
    ...keyStore,
    async load(id) {
      const key = await keyStore.load(id);
      signal?.throwIfAborted();
      return key;
    },
  };
}

function notOnThisSystem(name: KeyStoreName, os: Os): CliError {
  const available = (Object.keys(SYSTEMS) as KeyStoreName[]).find((other) => SYSTEMS[other] === os);
  return new CliError("store", `${capitalized(KEY_STORE_LABELS[name])} is not available on this system`, {
    hint: `Set ${KEYRING_VARIABLE} to auto, file${available === undefined ? "" : ` or ${available}`}.`,
  });
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
