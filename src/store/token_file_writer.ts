import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { CliError } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import type { FilePatch } from "../system/files/files.ts";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder, Reservation } from "../system/files/private_folder.ts";
import { KEY_STORE_LABELS, KEY_STORE_NUMBERS, type KeyStoreName } from "./keystore/key_store.ts";
import type { KeyStoreContext } from "./keystore/open_key_store.ts";
import { formatTokenFile, type KeptRecord, patchTokenFile, type PlainRecord } from "./format_token_file.ts";
import { TOKEN_FILE } from "./store_error.ts";
import { type FoundKey, hasId, type KeyPlace, type StoredKey } from "./store_keys.ts";
import { parseTokenFileHeader } from "./token_file.ts";
import type { TokenFile, TokenFileHeader } from "./token_file_format.ts";
import type { ReadResult, TokenFileReader } from "./token_file_reader.ts";

const STORE_LOCK = "tokens.lock";

/** More than one change adds to the file. */
const GROWTH_BYTES = 16 * 1024;

export interface TokenFileWriterOptions extends Pick<KeyStoreContext, "folder" | "interrupted"> {
  /** For the names of files that are moved aside. */
  readonly clock: Clock;
  /** Reports that the key was moved, in one sentence. */
  readonly notice: (message: string) => void;
  /** How long to wait for another process that writes, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** Returns what a list shows of a record: a JSON value without secrets, or undefined. */
  readonly summarize: (record: PlainRecord) => unknown;
}

/** A record of the present file. */
export interface StoredRecord extends KeptRecord {
  /** Decrypts it. @throws {CliError} `unreadable_store` */
  open(): Promise<Uint8Array>;
}

/** Returns the next records of some names for their present ones, or null for no change. */
export type Change = (
  records: readonly StoredRecord[],
) => Promise<readonly (StoredRecord | PlainRecord)[] | null>;

/** The next file, and how to write it. */
interface NextFile {
  readonly key: StoredKey;
  /** The key of the present file, which may have been moved. */
  readonly former: FoundKey | null;
  /** The whole file, or what changes in the copy of the present one that a reservation has. */
  readonly content: Uint8Array | FilePatch;
}

/** The result of renewing the key. */
export type KeyRenewal = "renewed" | "unchanged" | "no-file";

/**
 * Replaces `tokens.enc` as a whole, under a lock. All methods throw a `CliError`: `store`, `unreadable_store`, `usage` or
 * `permission`.
 */
export class TokenFileWriter {
  readonly #reader: TokenFileReader;
  readonly #options: TokenFileWriterOptions;
  readonly #folder: PrivateFolder;
  /** The reservations that are copies of a file, with the random bytes of that file. */
  readonly #copies = new WeakMap<Reservation, Uint8Array>();

  constructor(reader: TokenFileReader, options: TokenFileWriterOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#folder = options.folder;
  }

  /** Returns all records, or null if there is no file. */
  async readAll(): Promise<ReadResult<PlainRecord[]> | null> {
    const opened = await this.#reader.readWhole();
    if (opened === null) return null;
    return {
      result: await allRecords(opened.file),
      needsKeyMigration: this.#reader.keys.needsKeyMigration(opened.key),
    };
  }

  /**
   * Writes the records that `change` returns in place of those with `names`. If it returns null, the file remains unchanged.
   * The wait for other processes ends with `signal`. Records that are kept are copied, not decrypted.
   */
  async change(
    names: readonly string[],
    change: Change,
    { reservation, ...options }: { signal?: AbortSignal; reservation?: Reservation | undefined } = {},
  ): Promise<void> {
    using _lock = await this.#lock(options);
    const copyOf = reservation === undefined ? undefined : this.#copies.get(reservation);
    const next = await this.#prepare(names, change, copyOf);
    if (next === null || await this.#write(next, reservation)) return;
    // The reserved file is gone.
    const whole = await this.#prepare(names, change);
    if (whole !== null) await this.#write(whole, reservation);
  }

  /**
   * Fails if {@linkcode change} would, and otherwise takes the space for it on the disk. Changes nothing.
   *
   * @param check Decrypts the records that the change will decrypt.
   */
  async reserve(
    names: readonly string[],
    check: (records: readonly StoredRecord[]) => Promise<unknown>,
  ): Promise<Reservation> {
    using _lock = await this.#lock();
    return await this.#reader.look(async (opened) => {
      if (opened === null) return await this.#folder.reserve(TOKEN_FILE, new Uint8Array(GROWTH_BYTES));
      const { file, key } = opened;
      if (file.sealed === null || file.sealed.directory === null) {
        // Of a former version: it is written as a whole.
        const records = file.sealed === null ? await this.#unsealed(file) : await storedRecords(file);
        const size = (await this.#format(key, records, file)).length;
        await check(await storedRecords(file, names));
        return await this.#folder.reserve(TOKEN_FILE, new Uint8Array(size + GROWTH_BYTES));
      }
      await file.sealed.directory.check();
      await check(await storedRecords(file, names));
      const reservation = await this.#folder.reserve(TOKEN_FILE, copyOf(file.sealed));
      this.#copies.set(reservation, file.header.random);
      return reservation;
    });
  }

  async exists(): Promise<boolean> {
    return await this.#folder.has(TOKEN_FILE);
  }

  /** Renames a file that cannot be read, and returns its new path; null if there is no such file, or it can be read. */
  async moveAside(): Promise<string | null> {
    if (!await this.exists()) return null;
    using _lock = await this.#lock();
    // Another process may have moved it already, and the user may have signed in again.
    if (await this.#isReadable()) return null;
    return await this.#folder.rename(TOKEN_FILE, TOKEN_FILE + await this.#unusedSuffix());
  }

  async #isReadable(): Promise<boolean> {
    try {
      const opened = await this.#reader.readWhole();
      if (opened !== null) await allRecords(opened.file);
      return true;
    } catch (error) {
      if (error instanceof CliError && error.code === "unreadable_store") return false;
      throw error;
    }
  }

  async keyPlace(): Promise<KeyPlace> {
    const { keys } = this.#reader;
    await keys.checkEnvironment();
    using source = await this.#folder.open(TOKEN_FILE, "private");
    return await keys.place(source === null ? null : await parseTokenFileHeader(source));
  }

  /**
   * Moves the key to the key store that the environment forces, unless another process has done so already, or this command
   * may not write: then the next one that may moves it.
   */
  async moveKey(): Promise<void> {
    // From here on a signal waits until the key is in one place.
    this.#options.interrupted?.().throwIfAborted();
    using lock = await this.#lockIfPermitted();
    if (lock === null) return;
    const opened = await this.#reader.readWhole();
    if (opened === null || !this.#reader.keys.needsKeyMigration(opened.key)) return;
    const key = await this.#reader.keys.forWriting(opened.key, () => this.#unusedSuffix());
    const content = await this.#format(key, await this.#unsealed(opened.file));
    await this.#write({ key, former: opened.key, content });
  }

  /**
   * Encrypts the file with a new key and deletes the former one, so that no older copy can be decrypted. Returns `unchanged`
   * if the key store cannot make keys.
   */
  async renewKey(): Promise<KeyRenewal> {
    if (!await this.exists()) return "no-file";
    // From here on a signal waits until the former key is deleted.
    this.#options.interrupted?.().throwIfAborted();
    using _lock = await this.#lock();
    const opened = await this.#reader.readWhole();
    if (opened === null) return "no-file";
    const former = await opened.key.id();
    const key = await this.#reader.keys.renew(opened.key, () => this.#unusedSuffix());
    if (await hasId(key, former)) return "unchanged";
    await this.#folder.replace(TOKEN_FILE, await this.#format(key, await this.#unsealed(opened.file)));
    await opened.key.keyStore.forget(former);
    return "renewed";
  }

  async #format(
    key: StoredKey,
    records: readonly (StoredRecord | PlainRecord)[],
    source: TokenFile | null = null,
  ): Promise<Uint8Array> {
    return await formatTokenFile(await headerFor(key), key.key, records, source);
  }

  /** Decrypts the records of a file. */
  async #unsealed(file: TokenFile): Promise<PlainRecord[]> {
    return (await allRecords(file)).map((record) => ({
      ...record,
      summary: this.#options.summarize(record),
    }));
  }

  #lock(options: { signal?: AbortSignal } = {}): Promise<Lock> {
    return this.#folder.lock(STORE_LOCK, { ...options, timeoutMs: this.#options.lockTimeoutMs });
  }

  async #lockIfPermitted(): Promise<Lock | null> {
    try {
      return await this.#lock();
    } catch (error) {
      if (error instanceof CliError && error.code === "permission") return null;
      throw error;
    }
  }

  /** @param copyOf The random bytes of the file that a reservation is a copy of. */
  async #prepare(names: readonly string[], change: Change, copyOf?: Uint8Array): Promise<NextFile | null> {
    return await this.#reader.look(async (opened) => {
      const file = opened?.file ?? null;
      const present = file === null ? [] : await storedRecords(file, names);
      const changed = await change(present);
      if (changed === null) return null;
      const former = opened?.key ?? null;
      const key = await this.#reader.keys.forWriting(former, () => this.#unusedSuffix());
      const source = key === former && file !== null && file.sealed !== null ? file : null;
      if (source !== null && copyOf !== undefined && timingSafeEqual(copyOf, source.header.random)) {
        const records = changed.map((record) => this.#withSummary(record));
        const entries = present.map(({ entry }) => entry);
        const patch = await patchTokenFile(await headerFor(key), key.key, entries, records, source);
        if (patch !== null) return { key, former, content: patch };
      }
      const next = replaceRecords(file === null ? [] : await storedRecords(file), present, changed);
      const records = source === null
        ? await this.#opened(next)
        : next.map((record) => this.#withSummary(record));
      return { key, former, content: await this.#format(key, records, source) };
    });
  }

  #withSummary(record: StoredRecord | PlainRecord): StoredRecord | PlainRecord {
    return "data" in record ? { ...record, summary: this.#options.summarize(record) } : record;
  }

  async #opened(records: readonly (StoredRecord | PlainRecord)[]): Promise<PlainRecord[]> {
    return await Promise.all(records.map(async (record) => {
      const { kind, name, boundTo } = record;
      const opened = "data" in record ? record : { kind, name, boundTo, data: await record.open() };
      return { ...opened, summary: this.#options.summarize(opened) };
    }));
  }

  /** Replaces the file. Returns false, and changes nothing, if the copy to patch is gone. */
  async #write({ key, former, content }: NextFile, reservation?: Reservation): Promise<boolean> {
    if (content instanceof Uint8Array) await this.#folder.replace(TOKEN_FILE, content, reservation);
    else if (reservation === undefined || !await this.#folder.patch(TOKEN_FILE, content, reservation)) {
      return false;
    }
    if (former !== null) await this.#afterMove(former, key.keyStore.name);
    return true;
  }

  /** Deletes the key from its former key store, which no file needs any more. */
  async #afterMove({ id, keyStore, declaredKeyStore }: FoundKey, now: KeyStoreName): Promise<void> {
    if (declaredKeyStore === now) return;
    const { notice } = this.#options;
    const [to, from] = [KEY_STORE_LABELS[now], KEY_STORE_LABELS[declaredKeyStore]];
    // The user copied the key: any other copy is left to the user.
    if (keyStore.name === now) return notice(`The key of ${TOKEN_FILE} is now in ${to}`);
    notice(`The key of ${TOKEN_FILE} was moved from ${from} to ${to}`);
    try {
      await keyStore.forget(await id());
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      // The tokens are readable: a key that opens nothing any more is no reason to fail.
      notice(`Cannot delete the former key from ${from}: ${error.message}`);
    }
  }

  /** Returns an unused suffix with the time, for the names of files that are moved aside. */
  async #unusedSuffix(): Promise<string> {
    const time = new Date(this.#options.clock.now()).toISOString().replace(/[-:]|\.\d+/g, "");
    let suffix = `.unreadable-${time}`;
    for (let number = 2; await this.#folder.has(TOKEN_FILE + suffix); number++) {
      suffix = `.unreadable-${time}-${number}`;
    }
    return suffix;
  }
}

/** Decrypts every part of the file. */
async function allRecords(file: TokenFile): Promise<PlainRecord[]> {
  return await Promise.all((await file.all()).map(async (entry) => {
    const { kind, name, boundTo } = entry;
    return { kind, name, boundTo, data: await file.open(entry) };
  }));
}

/** Returns the records with one of `names`, or all. */
async function storedRecords(file: TokenFile, names?: readonly string[]): Promise<StoredRecord[]> {
  const entries = names === undefined ? await file.all() : [];
  for (const name of new Set(names)) entries.push(...await file.find(name));
  return entries.map((entry) => {
    const { kind, name, boundTo } = entry;
    return { kind, name, boundTo, entry, open: () => file.open(entry) };
  });
}

/** Returns `all` with `changed` in place of the records `present`: one by one if the others are kept, otherwise at the end. */
function replaceRecords(
  all: readonly StoredRecord[],
  present: readonly StoredRecord[],
  changed: readonly (StoredRecord | PlainRecord)[],
): (StoredRecord | PlainRecord)[] {
  const kept = new Set(changed.flatMap((record) => "data" in record ? [] : [record.entry.offset]));
  const isInPlace = changed.length === present.length &&
    changed.every((record, number) => "data" in record || record === present[number]);
  const replacements = new Map(
    isInPlace ? present.map(({ entry }, number) => [entry.offset, changed[number]]) : [],
  );
  const added = isInPlace ? [] : changed.filter((record) => "data" in record);
  const gone = new Set(present.map(({ entry }) => entry.offset).filter((offset) => !kept.has(offset)));
  const remaining = all.flatMap((record) => {
    const { offset } = record.entry;
    if (!gone.has(offset)) return [record];
    return replacements.get(offset) ?? [];
  });
  return [...remaining, ...added];
}

async function headerFor({ keyStore, id }: StoredKey): Promise<Omit<TokenFileHeader, "random">> {
  return { keyStore: KEY_STORE_NUMBERS[keyStore.name], keyId: await id() };
}

/** The file is copied in pieces, so that it is never in memory as a whole. */
const PIECE_BYTES = 1024 * 1024;

/** Yields the bytes of the file, and room to grow. A piece is valid until the next one: all are in one buffer. */
async function* copyOf({ size, read }: NonNullable<TokenFile["sealed"]>): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, size));
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, size - at);
    yield await read(at, length, buffer.subarray(0, length));
  }
  yield new Uint8Array(GROWTH_BYTES);
}
