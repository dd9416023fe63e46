import { encodeHex } from "@std/encoding/hex";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { TokenFileReader, TokenFileReaderOptions } from "./token_file_reader.ts";
import { TokenFileWriter } from "./token_file_writer.ts";
import { formatProfileSecrets, parseProfileSecrets, type ProfileSecrets } from "./profile_secrets.ts";
import { formatSession, isSameKey, parseSession, SESSION, type Session } from "./session.ts";
import type { PlainRecord } from "./token_file.ts";
import type { KeyPlace, TokenStore } from "./token_store.ts";

/** What {@linkcode openStoredRecords} needs. */
export interface StoredRecordsOptions extends TokenFileReaderOptions {
  /** Longest wait for a turn at a profile, in milliseconds. Default: 90 seconds. */
  readonly turnTimeoutMs?: number;
}

/** What a store does with the records of `file`, but for the way to one session. Opening does nothing yet. */
export function openStoredRecords(
  file: TokenFileReader,
  options: StoredRecordsOptions,
): Omit<TokenStore, "read"> {
  return new StoredRecords(file, options);
}

const PROFILE_LOCKS = "locks";
const SECRETS = "secrets";
/** A refresh asks the network twice, for 30 seconds at most: whoever takes longer has been stopped. */
const TURN_TIMEOUT_MS = 90_000;

class StoredRecords implements Omit<TokenStore, "read"> {
  readonly #reading: TokenFileReader;
  readonly #file: TokenFileWriter;
  readonly #folder: PrivateFolder;
  readonly #turnTimeoutMs: number;

  constructor(file: TokenFileReader, options: StoredRecordsOptions) {
    this.#reading = file;
    this.#file = new TokenFileWriter(file, options);
    this.#folder = options.folder;
    this.#turnTimeoutMs = options.turnTimeoutMs ?? TURN_TIMEOUT_MS;
  }

  async list(): Promise<Session[]> {
    const records = await this.#file.readAll();
    return records.filter(({ kind }) => kind === SESSION).map(({ data }) => parseSession(data));
  }

  async save(session: Session): Promise<void> {
    const saved = { kind: SESSION, name: session.profile, data: formatSession(session) };
    await this.#file.change((records) => {
      const kept = records.filter((record) =>
        !(isSessionOf(record, session.profile) && isSameKey(parseSession(record.data), session))
      );
      return [...kept, saved];
    });
  }

  async forget(
    profile: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<number> {
    if (!await this.#file.exists()) return 0;
    // A refresh that is under way would save again what is dropped here.
    using _turn = await this.#acquireLock(profile, options);
    return await this.drop(profile, "sessions", options);
  }

  async drop(
    profile: string,
    what: "sessions" | "everything",
    options: { signal?: AbortSignal } = {},
  ): Promise<number> {
    if (!await this.#file.exists()) return 0;
    let sessions = 0;
    await this.#file.change((records) => {
      const kept = records.filter((record) =>
        record.name !== profile || (what === "sessions" && record.kind !== SESSION)
      );
      sessions = records.filter((record) => isSessionOf(record, profile)).length;
      return kept.length === records.length ? null : kept;
    }, options);
    return sessions;
  }

  async rename(profile: string, newName: string): Promise<void> {
    if (!await this.#file.exists()) return;
    await this.#file.change((records) => {
      if (!records.some(({ name }) => name === profile || name === newName)) return null;
      const others = records.filter(({ name }) => name !== newName);
      return others.map((record) => record.name === profile ? renamed(record, newName) : record);
    });
  }

  async readSecrets(profile: string): Promise<ProfileSecrets | null> {
    return await this.#reading.read(async (file) => {
      const place = file.index.findIndex(({ kind, name }) => kind === SECRETS && name === profile);
      return place === -1 ? null : parseProfileSecrets(await file.open(place));
    });
  }

  async saveSecrets(profile: string, secrets: ProfileSecrets | null): Promise<void> {
    if (secrets === null && !await this.#file.exists()) return;
    await this.#file.change((records) => {
      const kept = records.filter((record) => !isSecretsOf(record, profile));
      if (secrets !== null) {
        return [...kept, { kind: SECRETS, name: profile, data: formatProfileSecrets(secrets) }];
      }
      return kept.length === records.length ? null : kept;
    });
  }

  moveAside(): Promise<string | null> {
    return this.#file.moveAside();
  }

  keyPlace(): Promise<KeyPlace> {
    return this.#file.keyPlace();
  }

  async exclusively<T>(profile: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    using _turn = await this.#acquireLock(profile, { signal });
    return await work();
  }

  async #acquireLock(profile: string, options: { signal?: AbortSignal }): Promise<Lock> {
    // Hashed, so that no profile name can name another file.
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(profile));
    const name = `${encodeHex(new Uint8Array(hash).subarray(0, 16))}.lock`;
    return await this.#folder.subfolder(PROFILE_LOCKS).lock(name, {
      ...options,
      timeoutMs: this.#turnTimeoutMs,
    });
  }
}

function renamed({ kind, data }: PlainRecord, name: string): PlainRecord {
  if (kind !== SESSION) return { kind, name, data };
  return { kind, name, data: formatSession({ ...parseSession(data), profile: name }) };
}

function isSecretsOf(record: PlainRecord, profile: string): boolean {
  return record.kind === SECRETS && record.name === profile;
}

function isSessionOf(record: PlainRecord, profile: string): boolean {
  return record.kind === SESSION && record.name === profile;
}
