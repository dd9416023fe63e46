import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { CliError } from "../errors.ts";
import type { Bytes } from "../system/files/files.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { DataKey } from "./keystore/key_store.ts";
import type { KeyStoreContext } from "./keystore/open_key_store.ts";
import { TOKEN_FILE } from "./store_error.ts";
import { type FoundKey, hasId, openStoreKeys, type StoreKeys } from "./store_keys.ts";
import { bytesInMemory, parseTokenFile, parseTokenFileHeader } from "./token_file.ts";
import type { ByteSource, TokenFile, TokenFileHeader } from "./token_file_format.ts";

/** `tokens.enc`, parsed up to its index, with its key. */
export interface OpenedFile {
  readonly file: TokenFile;
  readonly key: FoundKey;
}

/** A result with what the reader noticed on the way. */
export interface ReadResult<T> {
  readonly result: T;
  /** The environment forces another key store than the file names: the caller moves the key. */
  readonly needsKeyMigration: boolean;
}

/**
 * Reads and decrypts `tokens.enc` without a lock. Changes neither a file nor a key store. All methods throw a `CliError`:
 * `store`, `unreadable_store`, `usage` or `permission`.
 */
export class TokenFileReader {
  readonly keys: StoreKeys;
  readonly #folder: PrivateFolder;

  constructor(context: KeyStoreContext) {
    this.keys = openStoreKeys(context);
    this.#folder = context.folder;
  }

  /** Returns what `look` finds in the file, reading no more than it needs, or null if there is no file. */
  async read<T>(look: (file: TokenFile) => Promise<T>): Promise<ReadResult<T> | null> {
    const found = await retryIfReplaced(async () => {
      using source = await this.#folder.open(TOKEN_FILE, "private");
      if (source === null) return null;
      const { file, key } = await this.#parse(source);
      return { result: await look(file), needsKeyMigration: this.keys.needsKeyMigration(key) };
    });
    // An invalid environment is an error now, not after the sign-in.
    if (found === null) await this.keys.checkEnvironment();
    return found;
  }

  /** Returns what `look` finds in the file, which is null if there is none, or in which it reads what it needs. */
  async look<T>(look: (opened: OpenedFile | null) => Promise<T>): Promise<T> {
    return await retryIfReplaced(async () => {
      using source = await this.#folder.open(TOKEN_FILE, "private");
      return await look(source === null ? null : await this.#parse(source));
    });
  }

  /** Reads the whole file into memory, so that it is closed and its records can be decrypted in parallel. */
  async readWhole(): Promise<OpenedFile | null> {
    return await retryIfReplaced(async () => {
      const content = await this.#readContent();
      return content === null ? null : await this.#parse(bytesInMemory(content));
    });
  }

  /** Reads the file and closes it: Windows cannot replace a file that a reader still has open. */
  async #readContent(): Promise<Bytes | null> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    if (source === null) return null;
    // Checks the size.
    await parseTokenFileHeader(source);
    return await source.read(0, source.size);
  }

  /** @throws {FileReplacedError} if the key is missing because another process replaced the file meanwhile. */
  async #parse(source: ByteSource): Promise<OpenedFile> {
    const header = await parseTokenFileHeader(source);
    let file: TokenFile | null = null;
    let key: FoundKey;
    try {
      key = await this.keys.find(header, async (candidate) => {
        file = await openWith(candidate, source);
        return file !== null || await hasId(candidate, header.keyId);
      });
    } catch (error) {
      throw await this.#isReplaced(header) ? new FileReplacedError(error) : error;
    }
    // If the right key does not open the file, report what is wrong with the file.
    return { file: file ?? await parseTokenFile(source, key.key), key };
  }

  /** Reports whether the file is no longer the one that this header was read from. */
  async #isReplaced(header: TokenFileHeader): Promise<boolean> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    if (source === null) return true;
    const present = await parseTokenFileHeader(source);
    return !timingSafeEqual(present.random, header.random);
  }
}

/** Returns the file if `candidate` decrypts it, otherwise null. */
async function openWith(candidate: DataKey, source: ByteSource): Promise<TokenFile | null> {
  try {
    return await parseTokenFile(source, candidate.key);
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}

/** The key is missing, but so is the file that needed it. */
class FileReplacedError extends Error {
  constructor(cause: unknown) {
    super(`${TOKEN_FILE} was replaced while it was read`, { cause });
  }
}

const MAX_READS = 5;

/**
 * Reads again if another process moved the key to another key store between reading the file and asking the key store
 * that it names. Reading takes no lock that would prevent that.
 */
async function retryIfReplaced<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1;; reads++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof FileReplacedError)) throw error;
      if (reads === MAX_READS) throw error.cause;
    }
  }
}
