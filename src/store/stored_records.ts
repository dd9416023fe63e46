import { encodeHex } from "@std/encoding/hex";
import type { ProfileIdentity } from "../identity/profile_identity.ts";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder, Reservation } from "../system/files/private_folder.ts";
import { formatProfileSecrets, parseProfileSecrets, type ProfileSecrets } from "./profile_secrets.ts";
import { formatSession, isSameKey, parseSession, SESSION, type Session, sessionBinding } from "./session.ts";
import type { KeyPlace } from "./store_keys.ts";
import type { PlainRecord, RecordLabel } from "./token_file.ts";
import type { ReadResult, TokenFileReader } from "./token_file_reader.ts";
import { type KeyRenewal, TokenFileWriter, type TokenFileWriterOptions } from "./token_file_writer.ts";

export interface StoredRecordsOptions extends TokenFileWriterOptions {
  /** How long to wait for the lock of a profile, in milliseconds. Default: 90 seconds. */
  readonly profileLockTimeoutMs?: number | undefined;
}

const PROFILE_LOCKS = "locks";
const SECRETS = "secrets";
/** A refresh sends two requests of at most 30 seconds: a process that takes longer has been stopped. */
const PROFILE_LOCK_TIMEOUT_MS = 90_000;

/** Every operation of the token store but finding a session, which a cached token needs alone. */
export class StoredRecords {
  readonly #reader: TokenFileReader;
  readonly #writer: TokenFileWriter;
  readonly #folder: PrivateFolder;
  readonly #profileLockTimeoutMs: number;

  constructor(reader: TokenFileReader, options: StoredRecordsOptions) {
    this.#reader = reader;
    this.#writer = new TokenFileWriter(reader, options);
    this.#folder = options.folder;
    this.#profileLockTimeoutMs = options.profileLockTimeoutMs ?? PROFILE_LOCK_TIMEOUT_MS;
  }

  async list(): Promise<Session[]> {
    const records = await this.migrateIfNeeded(await this.#writer.readAll()) ?? [];
    return records.filter(({ kind }) => kind === SESSION).map(({ data }) => parseSession(data));
  }

  async save(session: Session, reservation?: Reservation): Promise<void> {
    await this.#writer.change((records) => {
      const kept = records.filter((record) => {
        if (!isSessionOf(record, session.profile)) return true;
        const present = parseSession(record.data);
        return !isSameKey(present, session) || present.identity?.id !== session.identity?.id;
      });
      return [...kept, sessionRecord(session)];
    }, { reservation });
  }

  async rebind(profile: string, from: ProfileIdentity | null, to: ProfileIdentity): Promise<void> {
    if (!await this.#writer.exists()) return;
    const isFrom = (identity: ProfileIdentity | null) => identity?.id === from?.id;
    await this.#writer.change((records) => {
      let isChanged = false;
      const rebound = records.map((record): PlainRecord => {
        if (isSessionOf(record, profile)) {
          const session = parseSession(record.data);
          if (!isFrom(session.identity)) return record;
          isChanged = true;
          return sessionRecord({ ...session, identity: to });
        }
        if (!isSecretsOf(record, profile) || record.boundTo !== from?.id) return record;
        isChanged = true;
        return { ...record, boundTo: to.id };
      });
      return isChanged ? rebound : null;
    });
  }

  reserveSave(): Promise<Reservation> {
    return this.#writer.reserve();
  }

  async forget(
    profile: string,
    { afterwards, ...options }: { signal?: AbortSignal; afterwards?: () => Promise<void> } = {},
  ): Promise<number> {
    if (!await this.#writer.exists()) return 0;
    // A refresh in progress would save again what is deleted here.
    using _lock = await this.#lockProfile(profile, options);
    const sessions = await this.drop(profile, "sessions", options);
    await afterwards?.();
    return sessions;
  }

  async drop(
    profile: string,
    what: "sessions" | "everything",
    options: { signal?: AbortSignal } = {},
  ): Promise<number> {
    if (!await this.#writer.exists()) return 0;
    let sessions = 0;
    await this.#writer.change((records) => {
      const kept = records.filter((record) =>
        record.name !== profile || (what === "sessions" && record.kind !== SESSION)
      );
      sessions = records.filter((record) => isSessionOf(record, profile)).length;
      return kept.length === records.length ? null : kept;
    }, options);
    return sessions;
  }

  async rename(profile: string, newName: string): Promise<void> {
    if (!await this.#writer.exists()) return;
    await this.#writer.change((records) => {
      if (!records.some(({ name }) => name === profile || name === newName)) return null;
      const others = records.filter(({ name }) => name !== newName);
      return others.map((record) => record.name === profile ? renamed(record, newName) : record);
    });
  }

  async readSecrets(profile: string, identity: ProfileIdentity | null): Promise<ProfileSecrets | null> {
    // While records are being bound to the profile, those that are not bound yet are the profile's too.
    const accepted = identity?.generation === 0 ? [identity.id, undefined] : [identity?.id];
    const found = await this.#reader.read(async (file) => {
      const position = file.index.findIndex((record) =>
        isSecretsOf(record, profile) && accepted.includes(record.boundTo)
      );
      return position === -1 ? null : parseProfileSecrets(await file.open(position));
    });
    return await this.migrateIfNeeded(found);
  }

  async saveSecrets(
    profile: string,
    identity: ProfileIdentity | null,
    secrets: ProfileSecrets | null,
  ): Promise<void> {
    if (secrets === null && !await this.#writer.exists()) return;
    const boundTo = identity?.id;
    await this.#writer.change((records) => {
      const kept = records.filter((record) => !isSecretsOf(record, profile) || record.boundTo !== boundTo);
      if (secrets !== null) {
        return [...kept, { kind: SECRETS, name: profile, boundTo, data: formatProfileSecrets(secrets) }];
      }
      return kept.length === records.length ? null : kept;
    });
  }

  renewKey(): Promise<KeyRenewal> {
    return this.#writer.renewKey();
  }

  moveAside(): Promise<string | null> {
    return this.#writer.moveAside();
  }

  keyPlace(): Promise<KeyPlace> {
    return this.#writer.keyPlace();
  }

  /** Moves the key if reading has shown that it has to be moved, and returns what was read. */
  async migrateIfNeeded<T>(found: ReadResult<T> | null): Promise<T | null> {
    if (found?.needsKeyMigration === true) await this.#writer.moveKey();
    return found === null ? null : found.result;
  }

  async exclusively<T>(profile: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    using _lock = await this.#lockProfile(profile, { signal });
    return await work();
  }

  async #lockProfile(profile: string, options: { signal?: AbortSignal }): Promise<Lock> {
    // Hashed, so that no profile name can refer to another file.
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(profile));
    const name = `${encodeHex(new Uint8Array(hash).subarray(0, 16))}.lock`;
    return await this.#folder.subfolder(PROFILE_LOCKS).lock(name, {
      ...options,
      timeoutMs: this.#profileLockTimeoutMs,
    });
  }
}

function renamed(record: PlainRecord, name: string): PlainRecord {
  if (record.kind !== SESSION) return { ...record, name };
  return sessionRecord({ ...parseSession(record.data), profile: name });
}

function sessionRecord(session: Session): PlainRecord {
  return {
    kind: SESSION,
    name: session.profile,
    boundTo: sessionBinding(session),
    data: formatSession(session),
  };
}

function isSecretsOf(record: RecordLabel, profile: string): boolean {
  return record.kind === SECRETS && record.name === profile;
}

function isSessionOf(record: RecordLabel, profile: string): boolean {
  return record.kind === SESSION && record.name === profile;
}
