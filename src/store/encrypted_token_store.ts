import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import type { Environment } from "../system/environment.ts";
import type { Lock } from "../system/lock.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import { chooseGuardian } from "./guardian/choose_guardian.ts";
import type { DataKey } from "./guardian/data_key.ts";
import { GUARDIAN_NUMBERS, type KeyGuardian, UnusableKeyError } from "./guardian/key_guardian.ts";
import type { Session, SessionKey } from "./session.ts";
import { formatSession, parseSession } from "./session_record.ts";
import { missingKey, otherKey, TOKEN_FILE } from "./store_error.ts";
import {
  bytesInMemory,
  type ByteSource,
  formatTokenFile,
  parseTokenFile,
  parseTokenFileHeader,
  type PlainRecord,
  type TokenFile,
  type TokenFileHeader,
} from "./token_file.ts";
import type { TokenStore } from "./token_store.ts";

/** What {@linkcode openTokenStore} needs. */
export interface TokenStoreOptions {
  /** Where `tokens.enc` and its key are. */
  readonly folder: PrivateFolder;
  /** Says whether `$ENTRA_AUTH_CLI_KEY` holds the key. */
  readonly env: Environment;
  /** For the names of files that are moved aside. */
  readonly clock: Clock;
  /** Longest wait for another process that writes, in milliseconds. Default: 10 seconds. */
  readonly lockTimeoutMs?: number;
  /** Longest wait for a turn at a profile, in milliseconds. Default: 90 seconds. */
  readonly turnTimeoutMs?: number;
}

/** The tokens in `tokens.enc`. Opening does nothing yet; reading makes nothing. */
export function openTokenStore(options: TokenStoreOptions): TokenStore {
  return new EncryptedTokenStore(options);
}

const STORE_LOCK = "tokens.lock";
const PROFILE_LOCKS = "locks";
const SESSION = "session";
const LOCK_TIMEOUT_MS = 10_000;
/** A refresh asks the network twice, for 30 seconds at most: whoever takes longer has been stopped. */
const TURN_TIMEOUT_MS = 90_000;

class EncryptedTokenStore implements TokenStore {
  readonly #folder: PrivateFolder;
  readonly #env: Environment;
  readonly #clock: Clock;
  readonly #lockTimeoutMs: number;
  readonly #turnTimeoutMs: number;
  #guardian: KeyGuardian | undefined;

  constructor(
    { folder, env, clock, lockTimeoutMs = LOCK_TIMEOUT_MS, turnTimeoutMs = TURN_TIMEOUT_MS }:
      TokenStoreOptions,
  ) {
    this.#folder = folder;
    this.#env = env;
    this.#clock = clock;
    this.#lockTimeoutMs = lockTimeoutMs;
    this.#turnTimeoutMs = turnTimeoutMs;
  }

  async read(key: SessionKey): Promise<Session | null> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    if (source === null) return null;
    const { file } = await this.#parse(source);
    for (const [place, { kind, name }] of file.index.entries()) {
      if (kind !== SESSION || name !== key.profile) continue;
      const session = parseSession(await file.open(place));
      if (isSameKey(session, key)) return session;
    }
    return null;
  }

  async list(): Promise<Session[]> {
    const opened = await this.#open();
    if (opened === null) return [];
    const records = await allRecords(opened.file);
    return records.filter(({ kind }) => kind === SESSION).map(({ data }) => parseSession(data));
  }

  async save(session: Session): Promise<void> {
    using _lock = await this.#lock();
    const opened = await this.#open();
    const records = opened === null ? [] : await allRecords(opened.file);
    const kept = records.filter((record) =>
      !(isSessionOf(record, session.profile) && isSameKey(parseSession(record.data), session))
    );
    const saved = { kind: SESSION, name: session.profile, data: formatSession(session) };
    await this.#write(opened?.key ?? await this.#obtainKey(), [...kept, saved]);
  }

  async forget(profile: string, options: { signal?: AbortSignal } = {}): Promise<number> {
    if (!await this.#folder.has(TOKEN_FILE)) return 0;
    // A refresh that is under way would save again what is dropped here.
    using _turn = await this.#takeTurn(profile, options);
    using _lock = await this.#lock();
    const opened = await this.#open();
    if (opened === null) return 0;
    const records = await allRecords(opened.file);
    const kept = records.filter((record) => !isSessionOf(record, profile));
    const forgotten = records.length - kept.length;
    if (forgotten > 0) await this.#write(opened.key, kept);
    return forgotten;
  }

  async moveAside(): Promise<string | null> {
    if (!await this.#folder.has(TOKEN_FILE)) return null;
    using _lock = await this.#lock();
    const suffix = await this.#freeSuffix();
    const movedTo = await this.#folder.rename(TOKEN_FILE, TOKEN_FILE + suffix);
    try {
      await this.#usableKey(suffix);
    } catch (error) {
      // The file has been moved, which is what was asked for; what is wrong with the key, its next use will say.
      if (!(error instanceof CliError)) throw error;
    }
    return movedTo;
  }

  async exclusively<T>(profile: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    using _turn = await this.#takeTurn(profile, { signal });
    return await work();
  }

  async #takeTurn(profile: string, options: { signal?: AbortSignal }): Promise<Lock> {
    // Hashed, so that no profile name can name another file.
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(profile));
    const name = `${encodeHex(new Uint8Array(hash).subarray(0, 16))}.lock`;
    return await this.#folder.lock(name, {
      ...options,
      subfolder: PROFILE_LOCKS,
      timeoutMs: this.#turnTimeoutMs,
    });
  }

  #lock() {
    return this.#folder.lock(STORE_LOCK, { timeoutMs: this.#lockTimeoutMs });
  }

  #guard(): KeyGuardian {
    return this.#guardian ??= chooseGuardian(this.#env, this.#folder);
  }

  /** The whole file, in memory: its records can be read side by side. */
  async #open(): Promise<{ file: TokenFile; key: DataKey } | null> {
    const content = await this.#folder.read(TOKEN_FILE, "private");
    if (content === null) return null;
    return await this.#parse(bytesInMemory(content));
  }

  async #parse(source: ByteSource): Promise<{ file: TokenFile; key: DataKey }> {
    const key = await this.#keyFor(await parseTokenFileHeader(source));
    return { file: await parseTokenFile(source, key.key), key };
  }

  /** The key that a file was encrypted with. Another one is told apart from a damaged file. */
  async #keyFor(header: TokenFileHeader): Promise<DataKey> {
    const guardian = this.#guard();
    const key = await guardian.load();
    if (key === null) throw missingKey(guardian.place);
    if (encodeHex(key.id) !== encodeHex(header.keyId)) throw otherKey(header.guardian, guardian.place);
    return key;
  }

  /** The key for the first write. */
  async #obtainKey(): Promise<DataKey> {
    return await this.#usableKey(await this.#freeSuffix()) ?? await this.#guard().create();
  }

  /** The key, if there is one. What is none is moved out of the way: there is nothing that it could decrypt. */
  async #usableKey(suffix: string): Promise<DataKey | null> {
    try {
      return await this.#guard().load();
    } catch (error) {
      if (!(error instanceof UnusableKeyError)) throw error;
      await this.#guard().retire(suffix);
      return null;
    }
  }

  async #write(key: DataKey, records: readonly PlainRecord[]): Promise<void> {
    const header = { guardian: GUARDIAN_NUMBERS[this.#guard().name], keyId: key.id };
    await this.#folder.replace(TOKEN_FILE, await formatTokenFile(header, key.key, records));
  }

  /** What to add to the names of files that are moved aside: it says when, and nothing there has it yet. */
  async #freeSuffix(): Promise<string> {
    const time = new Date(this.#clock.now()).toISOString().replace(/[-:]|\.\d+/g, "");
    let suffix = `.damaged-${time}`;
    for (let number = 2; await this.#folder.has(TOKEN_FILE + suffix); number++) {
      suffix = `.damaged-${time}-${number}`;
    }
    return suffix;
  }
}

async function allRecords(file: TokenFile): Promise<PlainRecord[]> {
  return await Promise.all(
    file.index.map(async ({ kind, name }, place) => ({ kind, name, data: await file.open(place) })),
  );
}

function isSessionOf(record: PlainRecord, profile: string): boolean {
  return record.kind === SESSION && record.name === profile;
}

function isSameKey(a: SessionKey, b: SessionKey): boolean {
  return a.profile === b.profile && a.authority === b.authority && a.tenant === b.tenant &&
    a.clientId === b.clientId;
}
