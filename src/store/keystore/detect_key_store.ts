import { type KeyStoreContext, openKeyStore } from "./open_key_store.ts";
import { keyFileStore } from "./key_file.ts";
import type { KeyStore } from "./key_store.ts";

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
