import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { DataProtection } from "../../system/data_protection.ts";
import type { Bytes } from "../../system/files.ts";
import type { PrivateFolder } from "../../system/private_folder.ts";
import { DATA_KEY_LENGTH, generateKeyBytes, importDataKey } from "./data_key.ts";
import { type KeyGuardian, UnusableKeyError } from "./key_guardian.ts";

/** Name of the file in the home folder that has the sealed key, in base64. */
const SEALED_KEY_FILE = "key.dpapi";

/**
 * DPAPI's entropy: a fixed text, and no secret. It keeps programs that unseal whatever they find, for the same user,
 * from doing so by mistake.
 */
const PURPOSE = new TextEncoder().encode("entra-auth-cli data key");

/**
 * Keeps the data key in the file `key.dpapi`, sealed by Windows DPAPI: only the same user on the same machine (or one
 * that the user's profile roams to) can open it. Whoever resets the user's password, or copies the file, can't.
 *
 * @param load Loads DPAPI; called when it is needed, and never for a key that isn't there.
 */
export function dpapiGuardian(folder: PrivateFolder, load: () => Promise<DataProtection>): KeyGuardian {
  const place = `the file ${folder.pathOf(SEALED_KEY_FILE)}, which Windows DPAPI seals`;

  async function readKeyBytes(): Promise<Bytes | null> {
    const content = await folder.read(SEALED_KEY_FILE, "private");
    if (content === null) return null;
    const sealed = parseSealedKey(new TextDecoder().decode(content));
    if (sealed === null) throw damagedKey(folder);
    const bytes = (await load()).unprotect(sealed, PURPOSE);
    if (bytes === null) throw unopenableKey(folder);
    if (bytes.length !== DATA_KEY_LENGTH) throw damagedKey(folder);
    return bytes;
  }

  /** A key that can't be opened now is the user's all the same: the user that it is sealed for may come back. */
  async function readOrMoveAside(suffix: string): Promise<Bytes | null> {
    try {
      return await readKeyBytes();
    } catch (error) {
      if (!(error instanceof UnusableKeyError)) throw error;
      await folder.rename(SEALED_KEY_FILE, SEALED_KEY_FILE + suffix);
      return null;
    }
  }

  return {
    name: "dpapi",
    place,
    async load() {
      const bytes = await readKeyBytes();
      return bytes === null ? null : await importDataKey(bytes);
    },
    async obtain(suffix) {
      const kept = await readOrMoveAside(suffix);
      if (kept !== null) return await importDataKey(kept);
      const made = generateKeyBytes();
      const sealed = (await load()).protect(made, PURPOSE);
      await folder.replace(SEALED_KEY_FILE, new TextEncoder().encode(encodeBase64(sealed) + "\n"));
      // What counts is what the next run will find.
      const bytes = await readKeyBytes();
      if (bytes === null || !timingSafeEqual(bytes, made)) throw damagedKey(folder);
      return await importDataKey(bytes);
    },
    async forget() {
      await folder.remove(SEALED_KEY_FILE);
    },
  };
}

/** The sealed key that `text` holds in base64; null for anything else, and for what is too short to hold a key. */
function parseSealedKey(text: string): Bytes | null {
  try {
    const sealed = decodeBase64(text.trim());
    return sealed.length > DATA_KEY_LENGTH ? sealed : null;
  } catch {
    return null;
  }
}

const START_ANEW = "start anew: `entra-auth-cli clear-cache`, then sign in again.";

function damagedKey(folder: PrivateFolder): UnusableKeyError {
  return new UnusableKeyError(
    `The key in ${folder.pathOf(SEALED_KEY_FILE)} is damaged: it is no key that Windows DPAPI sealed`,
    `Put the key back from a backup, or ${START_ANEW}`,
  );
}

function unopenableKey(folder: PrivateFolder): UnusableKeyError {
  return new UnusableKeyError(
    `Windows does not open the key in ${folder.pathOf(SEALED_KEY_FILE)} for this user`,
    "It opens only for the user and on the machine that made it, and no more once somebody else has reset that user's " +
      `password.\nIf that is you again, try again; otherwise ${START_ANEW}`,
  );
}
