import { CliError } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder, Reservation } from "../system/files/private_folder.ts";
import { KEY_STORE_LABELS, KEY_STORE_NUMBERS, type KeyStoreName } from "./keystore/key_store.ts";
import type { KeyStoreContext } from "./keystore/open_key_store.ts";
import { TOKEN_FILE } from "./store_error.ts";
import { type FoundKey, hasId, type KeyPlace, type StoredKey } from "./store_keys.ts";
import { formatTokenFile, parseTokenFileHeader, type PlainRecord, type TokenFile } from "./token_file.ts";
import type { OpenedFile, ReadResult, TokenFileReader } from "./token_file_reader.ts";

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
   * Writes the records that `change` returns for the present ones. If it returns null, the file remains unchanged. The
   * wait for other processes ends with `signal`.
   */
  async change(
    change: (records: readonly PlainRecord[]) => readonly PlainRecord[] | null,
    { reservation, ...options }: { signal?: AbortSignal; reservation?: Reservation | undefined } = {},
  ): Promise<void> {
    using _lock = await this.#lock(options);
    const opened = await this.#reader.readWhole();
    const changed = change(opened === null ? [] : await allRecords(opened.file));
    if (changed !== null) await this.#write(opened, changed, reservation);
  }

  /** Fails if {@linkcode change} would, and otherwise takes the space for it on the disk. Changes nothing. */
  async reserve(): Promise<Reservation> {
    using _lock = await this.#lock();
    const opened = await this.#reader.readWhole();
    const records = opened === null ? [] : await allRecords(opened.file);
    const size = records.reduce((total, { data }) => total + data.length, GROWTH_BYTES);
    return await this.#folder.reserve(TOKEN_FILE, size);
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

  /** Moves the key to the key store that the environment forces, unless another process has done so already. */
  async moveKey(): Promise<void> {
    // From here on a signal waits until the key is in one place.
    this.#options.interrupted?.().throwIfAborted();
    using _lock = await this.#lock();
    const opened = await this.#reader.readWhole();
    if (opened === null || !this.#reader.keys.needsKeyMigration(opened.key)) return;
    await this.#write(opened, await allRecords(opened.file));
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
    await this.#replace(key, await allRecords(opened.file));
    await opened.key.keyStore.forget(former);
    return "renewed";
  }

  async #replace(
    key: StoredKey,
    records: readonly PlainRecord[],
    reservation?: Reservation,
  ): Promise<void> {
    const header = { keyStore: KEY_STORE_NUMBERS[key.keyStore.name], keyId: await key.id() };
    await this.#folder.replace(TOKEN_FILE, await formatTokenFile(header, key.key, records), reservation);
  }

  #lock(options: { signal?: AbortSignal } = {}): Promise<Lock> {
    return this.#folder.lock(STORE_LOCK, { ...options, timeoutMs: this.#options.lockTimeoutMs });
  }

  /** Writes the file in place of `present`, with the key of the key store that is to have it. */
  async #write(
    present: OpenedFile | null,
    records: readonly PlainRecord[],
    reservation?: Reservation,
  ): Promise<void> {
    const key = await this.#reader.keys.forWriting(present?.key ?? null, () => this.#unusedSuffix());
    await this.#replace(key, records, reservation);
    if (present !== null) await this.#afterMove(present.key, key.keyStore.name);
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

async function allRecords(file: TokenFile): Promise<PlainRecord[]> {
  return await Promise.all(
    file.index.map(async ({ kind, name, boundTo }, position) => ({
      ...{ kind, name, boundTo },
      data: await file.open(position),
    })),
  );
}
