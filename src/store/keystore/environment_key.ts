import { CliError } from "../../errors.ts";
import { type DataKey, importDataKey, parseKeyText } from "./data_key.ts";
import type { KeyStore } from "./key_store.ts";

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
