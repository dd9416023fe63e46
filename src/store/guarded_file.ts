import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import type { Lock } from "../system/lock.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import type { GuardianContext } from "./guardian/guardians.ts";
import { GUARDIAN_LABELS, GUARDIAN_NUMBERS, type GuardianName } from "./guardian/key_guardian.ts";
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
import type { KeyPlace } from "./token_store.ts";

/** What {@linkcode GuardedFile} needs. */
export interface GuardedFileOptions extends GuardianContext {
  /** For the names of files that are moved aside. */
  readonly clock: Clock;
  /** Told that the key has another guardian now, in one sentence. */
  readonly notice: (message: string) => void;
  /** Longest wait for another process that writes, in milliseconds. */
  readonly lockTimeoutMs: number;
}

const STORE_LOCK = "tokens.lock";

/**
 * `tokens.enc` and the key that opens it. Reading takes no lock; writing replaces the whole file under one. Everything
 * that opens the file moves its key to the guardian that is forced, where that isn't the one that keeps it. All methods
 * throw a `CliError`: `store`, `unreadable_store`, `usage` or `permission`.
 */
export class GuardedFile {
  readonly #folder: PrivateFolder;
  readonly #keys: StoreKeys;
  readonly #clock: Clock;
  readonly #notice: (message: string) => void;
  readonly #lockTimeoutMs: number;
  readonly #interrupted: (() => AbortSignal) | undefined;

  /** Looks at nothing yet. */
  constructor(options: GuardedFileOptions) {
    this.#folder = options.folder;
    this.#keys = openStoreKeys(options);
    this.#clock = options.clock;
    this.#notice = options.notice;
    this.#lockTimeoutMs = options.lockTimeoutMs;
    this.#interrupted = options.interrupted;
  }

  /** What `look` finds in the file, of which it reads no more than it needs; null where there is no file. */
  async read<T>(look: (file: TokenFile) => Promise<T>): Promise<T | null> {
    return await withFileThatStays(async () => {
      const found = await this.#look(look);
      if (found === null) {
        // Better now than once the user has signed in.
        await this.#keys.checkChoice();
        return null;
      }
      // Not before the file is closed: Windows replaces none that is open.
      await this.#movePlace(found.key);
      return found.result;
    });
  }

  /** All records; none where there is no file. */
  async readAll(): Promise<PlainRecord[]> {
    return await withFileThatStays(async () => {
      const opened = await this.#open();
      if (opened === null) return [];
      const records = await allRecords(opened.file);
      await this.#movePlace(opened.key);
      return records;
    });
  }

  /** Writes what `change` makes of all records. Where it gives null, the file stays as it is. The wait for other processes ends with
   * `signal`. */
  async change(
    change: (records: readonly PlainRecord[]) => readonly PlainRecord[] | null,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    using _lock = await this.#lock(options);
    const opened = await this.#open();
    const changed = change(opened === null ? [] : await allRecords(opened.file));
    if (changed !== null) await this.#write(opened, changed);
  }

  /** Whether there is a file. */
  async exists(): Promise<boolean> {
    return await this.#folder.has(TOKEN_FILE);
  }

  /** Gives a file that can't be read another name, and gives its new path; null where there is none, or it can be read. */
  async moveAside(): Promise<string | null> {
    if (!await this.exists()) return null;
    using _lock = await this.#lock();
    // Another process may have moved it already, and a new sign-in may be there.
    if (await this.#isReadable()) return null;
    return await this.#folder.rename(TOKEN_FILE, TOKEN_FILE + await this.#freeSuffix());
  }

  async #isReadable(): Promise<boolean> {
    try {
      const opened = await this.#open();
      if (opened !== null) await allRecords(opened.file);
      return true;
    } catch (error) {
      if (error instanceof CliError && error.code === "unreadable_store") return false;
      throw error;
    }
  }

  /** Who keeps the key, or would. */
  async keyPlace(): Promise<KeyPlace> {
    await this.#keys.checkChoice();
    using source = await this.#folder.open(TOKEN_FILE, "private");
    return await this.#keys.place(source === null ? null : await parseTokenFileHeader(source));
  }

  async #look<T>(look: (file: TokenFile) => Promise<T>): Promise<{ result: T; key: FoundKey } | null> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    if (source === null) return null;
    const { file, key } = await this.#parse(source);
    return { result: await look(file), key };
  }

  #lock(options: { signal?: AbortSignal } = {}): Promise<Lock> {
    return this.#folder.lock(STORE_LOCK, { ...options, timeoutMs: this.#lockTimeoutMs });
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
    this.#interrupted?.().throwIfAborted();
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
    const kept = `The key of ${TOKEN_FILE} is kept by ${GUARDIAN_LABELS[now]} now`;
    // It was carried over by hand: where else it is, is the user's business.
    if (guardian.name === now) return this.#notice(kept);
    this.#notice(`${kept}, no longer by ${GUARDIAN_LABELS[keeper]}`);
    try {
      await guardian.forget(id);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      // The tokens are where they were to be; a key that opens nothing any more is no reason to fail.
      this.#notice(`${GUARDIAN_LABELS[keeper]} may still have the former key: ${error.message}`);
    }
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

async function allRecords(file: TokenFile): Promise<PlainRecord[]> {
  return await Promise.all(
    file.index.map(async ({ kind, name }, place) => ({ kind, name, data: await file.open(place) })),
  );
}
