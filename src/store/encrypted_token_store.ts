import { encodeHex } from "@std/encoding/hex";
import type { Clock } from "../system/clock.ts";
import type { Lock } from "../system/lock.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import type { GuardianContext } from "./guardian/guardians.ts";
import { GUARDIAN_LABELS, GUARDIAN_NUMBERS, type GuardianName } from "./guardian/key_guardian.ts";
import type { Session, SessionKey } from "./session.ts";
import { formatSession, parseSession } from "./session_record.ts";
import { TOKEN_FILE } from "./store_error.ts";
import { type FoundKey, openStoreKeys, type StoreKeys } from "./store_keys.ts";
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
import type { KeyPlace, TokenStore } from "./token_store.ts";

/** What {@linkcode openTokenStore} needs. */
export interface TokenStoreOptions extends GuardianContext {
  /** For the names of files that are moved aside. */
  readonly clock: Clock;
  /** Told that the key has another guardian now, in one sentence. */
  readonly notice: (message: string) => void;
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
  readonly #keys: StoreKeys;
  readonly #clock: Clock;
  readonly #notice: (message: string) => void;
  readonly #lockTimeoutMs: number;
  readonly #turnTimeoutMs: number;

  constructor(options: TokenStoreOptions) {
    this.#folder = options.folder;
    this.#keys = openStoreKeys(options);
    this.#clock = options.clock;
    this.#notice = options.notice;
    this.#lockTimeoutMs = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
    this.#turnTimeoutMs = options.turnTimeoutMs ?? TURN_TIMEOUT_MS;
  }

  async read(key: SessionKey): Promise<Session | null> {
    return await withFileThatStays(async () => {
      using source = await this.#folder.open(TOKEN_FILE, "private");
      if (source === null) return null;
      const opened = await this.#parse(source);
      const session = await findSession(opened.file, key);
      await this.#movePlace(opened.key);
      return session;
    });
  }

  async list(): Promise<Session[]> {
    return await withFileThatStays(async () => {
      const opened = await this.#open();
      if (opened === null) return [];
      const records = await allRecords(opened.file);
      await this.#movePlace(opened.key);
      return records.filter(({ kind }) => kind === SESSION).map(({ data }) => parseSession(data));
    });
  }

  async save(session: Session): Promise<void> {
    using _lock = await this.#lock();
    const opened = await this.#open();
    const records = opened === null ? [] : await allRecords(opened.file);
    const kept = records.filter((record) =>
      !(isSessionOf(record, session.profile) && isSameKey(parseSession(record.data), session))
    );
    const saved = { kind: SESSION, name: session.profile, data: formatSession(session) };
    await this.#write(opened, [...kept, saved]);
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
    if (forgotten > 0) await this.#write(opened, kept);
    return forgotten;
  }

  async moveAside(): Promise<string | null> {
    if (!await this.#folder.has(TOKEN_FILE)) return null;
    using _lock = await this.#lock();
    return await this.#folder.rename(TOKEN_FILE, TOKEN_FILE + await this.#freeSuffix());
  }

  async keyPlace(): Promise<KeyPlace> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    return await this.#keys.place(source === null ? null : await parseTokenFileHeader(source));
  }

  async exclusively<T>(profile: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    using _turn = await this.#takeTurn(profile, { signal });
    return await work();
  }

  async #takeTurn(profile: string, options: { signal?: AbortSignal }): Promise<Lock> {
    // Hashed, so that no profile name can name another file.
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(profile));
    const name = `${encodeHex(new Uint8Array(hash).subarray(0, 16))}.lock`;
    return await this.#folder.subfolder(PROFILE_LOCKS).lock(name, {
      ...options,
      timeoutMs: this.#turnTimeoutMs,
    });
  }

  #lock() {
    return this.#folder.lock(STORE_LOCK, { timeoutMs: this.#lockTimeoutMs });
  }

  /** The whole file, in memory: its records can be read side by side. */
  async #open(): Promise<OpenedFile | null> {
    const content = await this.#folder.read(TOKEN_FILE, "private");
    if (content === null) return null;
    return await this.#parse(bytesInMemory(content));
  }

  async #parse(source: ByteSource): Promise<OpenedFile> {
    const header = await parseTokenFileHeader(source);
    let key: FoundKey;
    try {
      key = await this.#keys.find(header);
    } catch (error) {
      throw await this.#isReplaced(header) ? new FileReplacedError(error) : error;
    }
    return { file: await parseTokenFile(source, key.key), key };
  }

  /** Whether the file is not the one any more that this header was read from. */
  async #isReplaced(header: TokenFileHeader): Promise<boolean> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    if (source === null) return true;
    const present = await parseTokenFileHeader(source);
    return encodeHex(present.random) !== encodeHex(header.random);
  }

  /** Moves the key to the guardian that is forced, where that isn't the one that keeps it. */
  async #movePlace(key: FoundKey): Promise<void> {
    if (!this.#keys.isOutOfPlace(key)) return;
    using _lock = await this.#lock();
    const opened = await this.#open();
    // Another process may have been quicker.
    if (opened === null || !this.#keys.isOutOfPlace(opened.key)) return;
    await this.#write(opened, await allRecords(opened.file));
  }

  /** Writes the file anew, in place of `present`, with the key of the guardian that is to keep it. */
  async #write(present: OpenedFile | null, records: readonly PlainRecord[]): Promise<void> {
    const key = await this.#keys.forWriting(present?.key ?? null, () => this.#freeSuffix());
    const header = { guardian: GUARDIAN_NUMBERS[key.guardian.name], keyId: key.id };
    await this.#folder.replace(TOKEN_FILE, await formatTokenFile(header, key.key, records));
    if (present !== null) await this.#afterMove(present.key, key.guardian.name);
  }

  /** Once nothing needs it any more, the key goes from where it was. */
  async #afterMove({ id, guardian, keeper }: FoundKey, now: GuardianName): Promise<void> {
    if (keeper === now) return;
    this.#notice(
      `The key of ${TOKEN_FILE} is kept by ${GUARDIAN_LABELS[now]} now, no longer by ${
        GUARDIAN_LABELS[keeper]
      }`,
    );
    if (guardian.name !== now) await guardian.forget(id);
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

interface OpenedFile {
  readonly file: TokenFile;
  readonly key: FoundKey;
}

/** The key could not be had, but the file that needed it isn't there any more either. */
class FileReplacedError extends Error {
  constructor(cause: unknown) {
    super(`${TOKEN_FILE} was replaced while it was read`, { cause });
  }
}

const MOST_READS = 5;

/**
 * Reading takes no lock, so that another process may move the key to another guardian between a look at the file and
 * one at the guardian that it names. Then the file is read again.
 */
async function withFileThatStays<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1;; reads++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof FileReplacedError)) throw error;
      if (reads === MOST_READS) throw error.cause;
    }
  }
}

async function findSession(file: TokenFile, key: SessionKey): Promise<Session | null> {
  for (const [place, { kind, name }] of file.index.entries()) {
    if (kind !== SESSION || name !== key.profile) continue;
    const session = parseSession(await file.open(place));
    if (isSameKey(session, key)) return session;
  }
  return null;
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
