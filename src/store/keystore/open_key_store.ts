import { CliError } from "../../errors.ts";
import type { DataProtection } from "../../system/windows/data_protection.ts";
import type { Environment } from "../../system/environment.ts";
import type { Os } from "../../system/os.ts";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import type { Processes } from "../../system/processes/processes.ts";
import { keyFileStore } from "./key_file.ts";
import {
  type DataKey,
  importDataKey,
  KEY_STORE_LABELS,
  type KeyStore,
  type KeyStoreName,
  parseKeyText,
} from "./key_store.ts";

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

/** A guardian that was chosen because nobody forced one. */
export interface AutomaticChoice {
  /** The best guardian that is here. */
  readonly keyStore: KeyStore;
  /** Why it is no better one, as a sentence without its full stop; null where there is none better. */
  readonly reason: string | null;
}

/**
 * Chooses the guardian for a first `tokens.enc`: the system's key store where there is one, else the key file. A key
 * store that is here and doesn't work is still the choice: its error is clearer than a key that quietly lies in a file.
 */
export async function detectKeyStore(context: KeyStoreContext): Promise<AutomaticChoice> {
  if (context.os === "windows") return { keyStore: await openKeyStore("dpapi", context), reason: null };
  if (context.os === "darwin") return { keyStore: await openKeyStore("keychain", context), reason: null };
  const { findSecretService } = await import("./secret_service.ts");
  const found = await findSecretService(context.processes);
  if (found.kind === "available") {
    return { keyStore: await openKeyStore("secret-service", context), reason: null };
  }
  return { keyStore: keyFileStore(context.folder), reason: found.reason };
}

/** The variable that holds the data key, for machines without a key store such as CI runners. */
export const KEY_VARIABLE = "ENTRA_AUTH_CLI_KEY";

/**
 * Takes the data key from `text`, the value of {@linkcode KEY_VARIABLE}: 32 bytes in base64. Nothing is judged before
 * the key is needed. Where the variable isn't set there is no key.
 */
export function environmentKeyStore(text: string | undefined): KeyStore {
  async function parse(): Promise<DataKey> {
    const bytes = parseKeyText(text ?? "");
    if (bytes !== null) return await importDataKey(bytes);
    throw new CliError("store", `${KEY_VARIABLE} does not hold a key: 32 bytes in base64 are expected`, {
      hint: `Make one: export ${KEY_VARIABLE}="$(openssl rand -base64 32)"`,
    });
  }
  return {
    name: "environment",
    place: `the environment variable ${KEY_VARIABLE}`,
    load: async () => text === undefined ? null : await parse(),
    obtain: parse,
    forget: () => Promise.resolve(),
  };
}
