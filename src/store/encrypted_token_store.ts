import { TokenFileReader } from "./token_file_reader.ts";
import type { Session, SessionKey } from "./session.ts";
import { isSameKey, parseSession, SESSION } from "./session_record.ts";
import type { StoredRecordsOptions } from "./stored_records.ts";
import type { TokenFile } from "./token_file.ts";
import type { TokenStore } from "./token_store.ts";

/** What {@linkcode openTokenStore} needs. */
export interface TokenStoreOptions extends Omit<StoredRecordsOptions, "lockTimeoutMs"> {
  /** Longest wait for another process that writes, in milliseconds. Default: 10 seconds. */
  readonly lockTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 10_000;

/** The tokens in `tokens.enc`. Opening does nothing yet; reading makes nothing. */
export function openTokenStore(options: TokenStoreOptions): TokenStore {
  const all = { ...options, lockTimeoutMs: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS };
  const file = new TokenFileReader(all);
  /** All but the way to a cached token, which needs none of it. */
  const rest = async () => (await import("./stored_records.ts")).openStoredRecords(file, all);
  return {
    read: (key) => file.read((opened) => findSession(opened, key)),
    list: async () => await (await rest()).list(),
    save: async (session) => await (await rest()).save(session),
    forget: async (profile, options) => await (await rest()).forget(profile, options),
    drop: async (profile, what) => await (await rest()).drop(profile, what),
    rename: async (profile, newName) => await (await rest()).rename(profile, newName),
    readSecrets: async (profile) => await (await rest()).readSecrets(profile),
    saveSecrets: async (profile, secrets) => await (await rest()).saveSecrets(profile, secrets),
    moveAside: async () => await (await rest()).moveAside(),
    keyPlace: async () => await (await rest()).keyPlace(),
    exclusively: async (profile, signal, work) => await (await rest()).exclusively(profile, signal, work),
  };
}

async function findSession(file: TokenFile, key: SessionKey): Promise<Session | null> {
  for (const [place, { kind, name }] of file.index.entries()) {
    if (kind !== SESSION || name !== key.profile) continue;
    const session = parseSession(await file.open(place));
    if (isSameKey(session, key)) return session;
  }
  return null;
}
