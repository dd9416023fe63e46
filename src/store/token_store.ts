import type { KeyStoreName } from "./keystore/key_store.ts";
import type { ProfileSecrets } from "./profile_secrets.ts";
import { isSameKey, parseSession, SESSION, type Session, type SessionKey } from "./session.ts";
import { TokenFileReader } from "./token_file_reader.ts";
import type { StoredRecordsOptions } from "./stored_records.ts";
import type { TokenFile } from "./token_file.ts";

/** Where the key of `tokens.enc` is, or would be. */
export interface KeyPlace {
  /** Who keeps it. */
  readonly keyStore: KeyStoreName;
  /** Where that is, for people. */
  readonly place: string;
  /** Whether there is a `tokens.enc` that needs it. Otherwise this is what the first one would do. */
  readonly isInUse: boolean;
  /** Why it is not kept by a key store, as a sentence without its full stop, where that was the program's choice. */
  readonly reason: string | null;
}

/**
 * Tokens at rest. Every write replaces the whole file in one step; readers see the old one or the new one. A file that is
 * there and can't be read as tokens, for its content or its key, is `unreadable_store` wherever it has to be read. Where
 * another guardian of the key is forced than the one that keeps it, whatever opens the file moves the key there first.
 */
export interface TokenStore {
  /** The session for `key`, or null. Reading takes no lock. @throws {CliError} `store`, `unreadable_store` or `permission`. */
  read(key: SessionKey): Promise<Session | null>;
  /** Keeps `session` in place of what was there for its key. @throws {CliError} `store` or `permission`. */
  save(session: Session): Promise<void>;
  /** All sessions, of every profile. @throws {CliError} `store` or `permission`. */
  list(): Promise<Session[]>;
  /**
   * Drops every session of `profile`, in its turn (see `exclusively`); gives how many there were. The wait ends with
   * `signal`. @throws {CliError} `store` or `permission`.
   */
  forget(profile: string, options?: { readonly signal?: AbortSignal }): Promise<number>;
  /** The secrets that are kept for `profile`, or null. Reading takes no lock. @throws {CliError} `store`, `unreadable_store` or `permission`. */
  readSecrets(profile: string): Promise<ProfileSecrets | null>;
  /** Keeps `secrets` in place of what was there for `profile`; null drops them. @throws {CliError} `store` or `permission`. */
  saveSecrets(profile: string, secrets: ProfileSecrets | null): Promise<void>;
  /**
   * Drops the sessions of `profile`, or everything that is kept under its name; gives how many sessions there were. Only
   * in its turn: see `exclusively`. @throws {CliError} `store` or `permission`.
   */
  drop(profile: string, what: "sessions" | "everything"): Promise<number>;
  /**
   * Gives everything that is kept for `profile` to `newName`, in place of what was there for that. Only in the turn of
   * both: see `exclusively`. @throws {CliError} `store` or `permission`.
   */
  rename(profile: string, newName: string): Promise<void>;
  /**
   * Moves a token file that can't be read out of the way. Gives its new path, or null when there is no such file.
   * @throws {CliError} `store` or `permission`.
   */
  moveAside(): Promise<string | null>;
  /** Who keeps the key. @throws {CliError} `store`, `unreadable_store` or `permission`. */
  keyPlace(): Promise<KeyPlace>;
  /**
   * Runs `work` while no other process runs one for the same profile: one refresh for all who need it.
   * The wait for the others ends with `signal`, or with a `store` error when one of them keeps its turn too long.
   */
  exclusively<T>(profile: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

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
