import { CliError } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import {
  bytesInMemory,
  formatTokenFile,
  parseTokenFileHeader,
  type PlainRecord,
  type TokenFile,
} from "./token_file.ts";
import {
  type OpenedFile,
  retryIfReplaced,
  type TokenFileReader,
  type TokenFileReaderOptions,
} from "./token_file_reader.ts";
import { KEY_STORE_LABELS, KEY_STORE_NUMBERS, type KeyStoreName } from "./keystore/key_store.ts";
import { type FoundKey, type KeyChoice, openKeyChoice, type StoreKeys } from "./store_keys.ts";
import { TOKEN_FILE } from "./store_error.ts";
import type { KeyPlace } from "./token_store.ts";

const STORE_LOCK = "tokens.lock";

/**
 * Replaces `tokens.enc` as a whole, under a lock. All methods throw a `CliError`: `store`, `unreadable_store`, `usage` or
 * `permission`.
 */
export class TokenFileWriter {
  readonly #file: TokenFileReader;
  readonly #folder: PrivateFolder;
  readonly #keys: StoreKeys;
  readonly #choice: KeyChoice;
  readonly #clock: Clock;
  readonly #notice: (message: string) => void;
  readonly #lockTimeoutMs: number;
  readonly #interrupted: (() => AbortSignal) | undefined;

  /** Looks at nothing yet. */
  constructor(file: TokenFileReader, options: TokenFileReaderOptions) {
    this.#file = file;
    this.#folder = options.folder;
    this.#keys = file.keys;
    this.#choice = openKeyChoice(file.keys, options);
    this.#clock = options.clock;
    this.#notice = options.notice;
    this.#lockTimeoutMs = options.lockTimeoutMs;
    this.#interrupted = options.interrupted;
  }

  /** All records; none where there is no file. */
  async readAll(): Promise<PlainRecord[]> {
    return await retryIfReplaced(async () => {
      const opened = await this.#open();
      if (opened === null) return [];
      const records = await allRecords(opened.file);
      if (this.#keys.needsKeyMigration(opened.key)) await this.moveKey();
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
    return await this.#choice.place(source === null ? null : await parseTokenFileHeader(source));
  }

  /** Moves the key to the guardian that is forced, where that isn't the one that keeps it by now. */
  async moveKey(): Promise<void> {
    // From now on a signal waits until the key is in one place.
    this.#interrupted?.().throwIfAborted();
    using _lock = await this.#lock();
    const opened = await this.#open();
    // Another process may have been quicker.
    if (opened === null || !this.#keys.needsKeyMigration(opened.key)) return;
    await this.#write(opened, await allRecords(opened.file));
  }

  #lock(options: { signal?: AbortSignal } = {}): Promise<Lock> {
    return this.#folder.lock(STORE_LOCK, { ...options, timeoutMs: this.#lockTimeoutMs });
  }

  /** The whole file, in memory: its records can be read side by side. */
  async #open(): Promise<OpenedFile | null> {
    const content = await this.#folder.read(TOKEN_FILE, "private");
    if (content === null) return null;
    return await this.#file.parse(bytesInMemory(content));
  }

  /** Writes the file anew, in place of `present`, with the key of the guardian that is to keep it. */
  async #write(present: OpenedFile | null, records: readonly PlainRecord[]): Promise<void> {
    const key = await this.#choice.forWriting(present?.key ?? null, () => this.#freeSuffix());
    const header = { keyStore: KEY_STORE_NUMBERS[key.keyStore.name], keyId: await key.id() };
    await this.#folder.replace(TOKEN_FILE, await formatTokenFile(header, key.key, records));
    if (present !== null) await this.#afterMove(present.key, key.keyStore.name);
  }

  /** Once nothing needs it any more, the key goes from where it was. */
  async #afterMove({ id, keyStore, currentKeyStore }: FoundKey, now: KeyStoreName): Promise<void> {
    if (currentKeyStore === now) return;
    const kept = `The key of ${TOKEN_FILE} is kept by ${KEY_STORE_LABELS[now]} now`;
    // It was carried over by hand: where else it is, is the user's business.
    if (keyStore.name === now) return this.#notice(kept);
    this.#notice(`${kept}, no longer by ${KEY_STORE_LABELS[currentKeyStore]}`);
    try {
      await keyStore.forget(await id());
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      // The tokens are where they were to be; a key that opens nothing any more is no reason to fail.
      this.#notice(`${KEY_STORE_LABELS[currentKeyStore]} may still have the former key: ${error.message}`);
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

async function allRecords(file: TokenFile): Promise<PlainRecord[]> {
  return await Promise.all(
    file.index.map(async ({ kind, name }, place) => ({ kind, name, data: await file.open(place) })),
  );
}
