import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../errors.ts";
import type { ProfileIdentity } from "../identity/profile_identity.ts";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder, Reservation } from "../system/files/private_folder.ts";
import type { PlainRecord } from "./format_token_file.ts";
import { formatProfileSecrets, parseProfileSecrets, type ProfileSecrets } from "./profile_secrets.ts";
import {
  formatSession,
  formatSummary,
  isSameKey,
  parseSession,
  SESSION,
  type Session,
  sessionBinding,
  type SessionSummary,
  summarizeSession,
  validateSummary,
} from "./session.ts";
import type { KeyPlace } from "./store_keys.ts";
import type { RecordLabel, TokenFile } from "./token_file_format.ts";
import type { ReadResult, TokenFileReader } from "./token_file_reader.ts";
import {
  type KeyRenewal,
  type StoredRecord,
  TokenFileWriter,
  type TokenFileWriterOptions,
} from "./token_file_writer.ts";

export interface StoredRecordsOptions extends Omit<TokenFileWriterOptions, "summarize"> {
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
    this.#writer = new TokenFileWriter(reader, { ...options, summarize: summaryOf });
    this.#folder = options.folder;
    this.#profileLockTimeoutMs = options.profileLockTimeoutMs ?? PROFILE_LOCK_TIMEOUT_MS;
  }

  async list(profile?: string): Promise<Session[]> {
    if (profile === undefined) {
      const records = await this.migrateIfNeeded(await this.#writer.readAll()) ?? [];
      return records.filter(({ kind }) => kind === SESSION).map(({ data }) => parseSession(data));
    }
    const found = await this.#reader.read(async (file) => {
      const sessions: Session[] = [];
      for (const record of await file.find(profile)) {
        if (isSessionOf(record, profile)) sessions.push(parseSession(await file.open(record)));
      }
      return sessions;
    });
    return await this.migrateIfNeeded(found) ?? [];
  }

  async summaries(): Promise<SessionSummary[]> {
    const found = await this.#reader.read(summariesIn);
    if (found === null) return [];
    // An older file: its records are decrypted at once.
    return await this.migrateIfNeeded(found) ?? (await this.list()).map(summarizeSession);
  }

  async save(session: Session, reservation?: Reservation): Promise<void> {
    await this.#writer.change([session.profile], async (records) => {
      const replaced = (await sessionsIn(records, session.profile))
        .filter(({ present }) => isSameKey(present, session) && present.identity?.id === session.identity?.id)
        .map(({ record }) => record);
      const saved = sessionRecord(session);
      const [place] = replaced;
      if (place === undefined) return [...records, saved];
      // In the place of the former one, so that no other record has to be moved.
      return records.filter((record) => record === place || !replaced.includes(record))
        .map((record) => record === place ? saved : record);
    }, { reservation });
  }

  async rebind(profile: string, from: ProfileIdentity | null, to: ProfileIdentity): Promise<void> {
    if (!await this.#writer.exists()) return;
    const isFrom = (identity: ProfileIdentity | null) => identity?.id === from?.id;
    await this.#writer.change([profile], async (records) => {
      let isChanged = false;
      const rebind = async (record: StoredRecord): Promise<StoredRecord | PlainRecord> => {
        if (isSessionOf(record, profile)) {
          const session = parseSession(await record.open());
          if (!isFrom(session.identity)) return record;
          isChanged = true;
          return sessionRecord({ ...session, identity: to });
        }
        if (!isSecretsOf(record, profile) || record.boundTo !== from?.id) return record;
        isChanged = true;
        return { kind: SECRETS, name: profile, boundTo: to.id, data: await record.open() };
      };
      const rebound = await Promise.all(records.map(rebind));
      return isChanged ? rebound : null;
    });
  }

  async reserveSave(profile: string): Promise<Reservation> {
    return await this.#writer.reserve([profile], (records) => sessionsIn(records, profile));
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
    await this.#writer.change([profile], async (records) => {
      const kept = records.filter((record) =>
        record.name !== profile || (what === "sessions" && record.kind !== SESSION)
      );
      // A damaged session is reported, not deleted.
      sessions = (await sessionsIn(records, profile)).length;
      return kept.length === records.length ? null : kept;
    }, options);
    return sessions;
  }

  async rename(profile: string, newName: string): Promise<void> {
    if (!await this.#writer.exists()) return;
    await this.#writer.change([profile, newName], async (records) => {
      if (!records.some(({ name }) => name === profile || name === newName)) return null;
      const others = records.filter(({ name }) => name !== newName);
      return await Promise.all(
        others.map(async (record) => record.name === profile ? await renamed(record, newName) : record),
      );
    });
  }

  async readSecrets(profile: string, identity: ProfileIdentity | null): Promise<ProfileSecrets | null> {
    // While records are being bound to the profile, those that are not bound yet are the profile's too.
    const accepted = identity?.generation === 0 ? [identity.id, undefined] : [identity?.id];
    const found = await this.#reader.read(async (file) => {
      const record = (await file.find(profile)).find((record) =>
        isSecretsOf(record, profile) && accepted.includes(record.boundTo)
      );
      return record === undefined ? null : parseProfileSecrets(await file.open(record));
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
    await this.#writer.change([profile], (records) => {
      const kept = records.filter((record) => !isSecretsOf(record, profile) || record.boundTo !== boundTo);
      if (secrets === null) return Promise.resolve(kept.length === records.length ? null : kept);
      const saved = { kind: SECRETS, name: profile, boundTo, data: formatProfileSecrets(secrets) };
      return Promise.resolve([...kept, saved]);
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

/** Returns the sessions of `profile` with their records. */
async function sessionsIn(
  records: readonly StoredRecord[],
  profile: string,
): Promise<{ record: StoredRecord; present: Session }[]> {
  return await Promise.all(
    records.filter((record) => isSessionOf(record, profile)).map(async (record) => ({
      record,
      present: parseSession(await record.open()),
    })),
  );
}

/** Returns the summaries in a file, or null if it lacks some. @throws {CliError} `unreadable_store` for an invalid one. */
async function summariesIn(file: TokenFile): Promise<SessionSummary[] | null> {
  const sessions: { readonly offset: number; readonly summary: SessionSummary }[] = [];
  for await (const part of file.parts()) {
    for (const { kind, name, offset, summary = null } of part) {
      if (kind !== SESSION) continue;
      if (summary === null) return null;
      sessions.push({ offset, summary: validateSummary(summary, name) });
    }
  }
  return sessions.sort((one, other) => one.offset - other.offset).map(({ summary }) => summary);
}

/** Returns what a list shows of a record: undefined if it is no session, or none that can be parsed. */
function summaryOf({ kind, data }: PlainRecord): unknown {
  if (kind !== SESSION) return undefined;
  try {
    return formatSummary(summarizeSession(parseSession(data)));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return undefined;
  }
}

async function renamed(record: StoredRecord, name: string): Promise<PlainRecord> {
  const { kind, boundTo } = record;
  const data = await record.open();
  if (kind !== SESSION) return { kind, name, boundTo, data };
  return sessionRecord({ ...parseSession(data), profile: name });
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
