import { acceptsIdentity, type ProfileIdentity } from "../identity/profile_identity.ts";
import type { KeyStoreContext } from "./keystore/open_key_store.ts";
import type { ProfileSecrets } from "./profile_secrets.ts";
import {
  isSameKey,
  parseSession,
  SESSION,
  type Session,
  sessionBinding,
  type SessionKey,
  type SessionSummary,
} from "./session.ts";
import { damagedContent } from "./store_error.ts";
import type { KeyPlace } from "./store_keys.ts";
import type { StoredRecords, StoredRecordsOptions } from "./stored_records.ts";
import type { TokenFile } from "./token_file_format.ts";
import type { Reservation } from "../system/files/private_folder.ts";
import type { KeyRenewal } from "./token_file_writer.ts";
import { TokenFileReader } from "./token_file_reader.ts";

export type { KeyPlace };

/**
 * The tokens in `tokens.enc`. Every write replaces the whole file in one step; readers see the old one or the new one. A
 * file that cannot be read as tokens, because of its content or its key, is an `unreadable_store` error of every method
 * that has to read it. If the environment forces another key store than the one with the key, every method that opens the
 * file also moves the key there. The methods throw a `CliError`: `store`, `unreadable_store`, `usage` or `permission`.
 */
export interface TokenStore {
  /** Returns the session for `key` that is bound to its profile, or null. Takes no lock. */
  read(key: SessionKey): Promise<Session | null>;
  /** Saves `session` in place of the present one with its key, in the space of the reservation if there is one. */
  save(session: Session, reservation?: Reservation): Promise<void>;
  /** Binds everything of `profile` that is bound to `from` to `to`. The caller holds the lock of the profile. */
  rebind(profile: string, from: ProfileIdentity | null, to: ProfileIdentity): Promise<void>;
  /**
   * Fails if `save` for `profile` would: takes the lock, reads the file, and writes a temporary one, which keeps the space on
   * the disk until the result is disposed.
   */
  reserveSave(profile: string): Promise<Reservation>;
  /** Returns the sessions of `profile`, or of all profiles, with their tokens. */
  list(profile?: string): Promise<Session[]>;
  /** Returns what to list of the sessions of all profiles. Decrypts none of their records. */
  summaries(): Promise<SessionSummary[]>;
  /**
   * Deletes every session of `profile`, under its lock (see `exclusively`), and returns how many there were. The wait
   * for the lock ends with `signal`. `afterwards` runs under the same lock.
   */
  forget(profile: string, options?: ForgetOptions): Promise<number>;
  /** Returns the secrets that are bound to `profile`, or null. Takes no lock. */
  readSecrets(profile: string, identity: ProfileIdentity | null): Promise<ProfileSecrets | null>;
  /** Saves `secrets` in place of the present ones of `profile`; null deletes them. */
  saveSecrets(
    profile: string,
    identity: ProfileIdentity | null,
    secrets: ProfileSecrets | null,
  ): Promise<void>;
  /**
   * Deletes the sessions of `profile`, or everything under its name, and returns how many sessions there were. The caller
   * holds the lock of the profile: see `exclusively`.
   */
  drop(profile: string, what: "sessions" | "everything"): Promise<number>;
  /**
   * Moves everything of `profile` to `newName`, in place of what was there. The caller holds the locks of both: see
   * `exclusively`.
   */
  rename(profile: string, newName: string): Promise<void>;
  /**
   * Encrypts what is stored with a new key and deletes the former one: no older copy of the file can be decrypted. Returns
   * `unchanged` if the key is in the environment.
   */
  renewKey(): Promise<KeyRenewal>;
  /** Renames a token file that cannot be read, and returns its new path, or null if there is no such file. */
  moveAside(): Promise<string | null>;
  /** Returns the location of the key. */
  keyPlace(): Promise<KeyPlace>;
  /**
   * Runs `work` while no other process does so for the same profile: one refresh for all processes that need it. The
   * wait for the others ends with `signal`, or with a `store` error if one of them takes too long.
   */
  exclusively<T>(profile: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface ForgetOptions {
  readonly signal?: AbortSignal;
  readonly afterwards?: () => Promise<void>;
}

export interface TokenStoreOptions extends Omit<StoredRecordsOptions, "lockTimeoutMs">, KeyStoreContext {
  /** How long to wait for another process that writes, in milliseconds. Default: 10 seconds. */
  readonly lockTimeoutMs?: number | undefined;
}

const LOCK_TIMEOUT_MS = 10_000;

/** Opens the token store. Reads and creates nothing before it is needed. */
export function openTokenStore(options: TokenStoreOptions): TokenStore {
  const reader = new TokenFileReader(options);
  let opened: Promise<StoredRecords> | undefined;
  // Imported late: a cached token does not need it.
  const records = () =>
    opened ??= import("./stored_records.ts").then(({ StoredRecords }) =>
      new StoredRecords(reader, { ...options, lockTimeoutMs: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS })
    );
  return {
    async read(key) {
      const found = await reader.read((file) => findSession(file, key));
      if (found === null || !found.needsKeyMigration) return found === null ? null : found.result;
      return await (await records()).migrateIfNeeded(found);
    },
    list: async (profile) => await (await records()).list(profile),
    summaries: async () => await (await records()).summaries(),
    save: async (session, reservation) => await (await records()).save(session, reservation),
    rebind: async (profile, from, to) => await (await records()).rebind(profile, from, to),
    reserveSave: async (profile) => await (await records()).reserveSave(profile),
    forget: async (profile, options) => await (await records()).forget(profile, options),
    drop: async (profile, what) => await (await records()).drop(profile, what),
    rename: async (profile, newName) => await (await records()).rename(profile, newName),
    readSecrets: async (profile, identity) => await (await records()).readSecrets(profile, identity),
    saveSecrets: async (profile, identity, secrets) =>
      await (await records()).saveSecrets(profile, identity, secrets),
    renewKey: async () => await (await records()).renewKey(),
    moveAside: async () => await (await records()).moveAside(),
    keyPlace: async () => await (await records()).keyPlace(),
    exclusively: async (profile, signal, work) => await (await records()).exclusively(profile, signal, work),
  };
}

async function findSession(file: TokenFile, key: SessionKey): Promise<Session | null> {
  let found: Session | null = null;
  for (const entry of await file.find(key.profile)) {
    if (entry.kind !== SESSION) continue;
    const session = parseSession(await file.open(entry));
    const { boundTo } = entry;
    if (boundTo !== sessionBinding(session)) throw damagedContent("a session is bound to another profile");
    if (!isSameKey(session, key) || !acceptsIdentity(key.identity, session.identity)) continue;
    // The newest, if an interrupted change has left two.
    if (generationOf(session) >= generationOf(found)) found = session;
  }
  return found;
}

function generationOf(session: Session | null): number {
  return session?.identity?.generation ?? 0;
}
