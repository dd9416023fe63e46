import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { CliError } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { TokenFileWriter } from "./token_file_writer.ts";
import type { KeyStoreContext } from "./keystore/open_key_store.ts";
import { TOKEN_FILE } from "./store_error.ts";
import type { DataKey } from "./keystore/key_store.ts";
import { type FoundKey, hasId, openStoreKeys, type StoreKeys } from "./store_keys.ts";
import {
  type ByteSource,
  parseTokenFile,
  parseTokenFileHeader,
  type TokenFile,
  type TokenFileHeader,
} from "./token_file.ts";

/** What {@linkcode TokenFileReader} needs. */
export interface TokenFileReaderOptions extends KeyStoreContext {
  /** For the names of files that are moved aside. */
  readonly clock: Clock;
  /** Told that the key has another guardian now, in one sentence. */
  readonly notice: (message: string) => void;
  /** Longest wait for another process that writes, in milliseconds. */
  readonly lockTimeoutMs: number;
}

/** `tokens.enc`, read as far as its index, with its key. */
export interface OpenedFile {
  /** Its records. */
  readonly file: TokenFile;
  /** What it is encrypted with. */
  readonly key: FoundKey;
}

/**
 * Reads `tokens.enc` with the key that opens it, without a lock. What opens the file moves its key to the guardian that
 * is forced, where that isn't the one that keeps it. All methods throw a `CliError`: `store`, `unreadable_store`, `usage`
 * or `permission`.
 */
export class TokenFileReader {
  /** Its keys. */
  readonly keys: StoreKeys;
  readonly #options: TokenFileReaderOptions;
  readonly #folder: PrivateFolder;

  /** Looks at nothing yet. */
  constructor(options: TokenFileReaderOptions) {
    this.keys = openStoreKeys(options);
    this.#options = options;
    this.#folder = options.folder;
  }

  /** What `look` finds in the file, of which it reads no more than it needs; null where there is no file. */
  async read<T>(look: (file: TokenFile) => Promise<T>): Promise<T | null> {
    return await retryIfReplaced(async () => {
      const found = await this.#look(look);
      if (found === null) {
        // Better now than once the user has signed in.
        await this.keys.checkChoice();
        return null;
      }
      // Not before the file is closed: Windows replaces none that is open.
      if (this.keys.needsKeyMigration(found.key)) await (await this.#changes()).moveKey();
      return found.result;
    });
  }

  /** What changes the file: a cached token needs none of that. */
  async #changes(): Promise<TokenFileWriter> {
    const { TokenFileWriter } = await import("./token_file_writer.ts");
    return new TokenFileWriter(this, this.#options);
  }

  async #look<T>(look: (file: TokenFile) => Promise<T>): Promise<{ result: T; key: FoundKey } | null> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    if (source === null) return null;
    const { file, key } = await this.parse(source);
    return { result: await look(file), key };
  }

  /** The file whose bytes these are. Rejects with what {@linkcode retryIfReplaced} takes for a reason to read again, where it was replaced meanwhile. */
  async parse(source: ByteSource): Promise<OpenedFile> {
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
    // Where the right key doesn't open the file, what is wrong with the file is to be said.
    return { file: file ?? await parseTokenFile(source, key.key), key };
  }

  /** Whether the file is not the one any more that this header was read from. */
  async #isReplaced(header: TokenFileHeader): Promise<boolean> {
    using source = await this.#folder.open(TOKEN_FILE, "private");
    if (source === null) return true;
    const present = await parseTokenFileHeader(source);
    return !timingSafeEqual(present.random, header.random);
  }
}

/** The file, where `candidate` is the key that opens it. */
async function openWith(candidate: DataKey, source: ByteSource): Promise<TokenFile | null> {
  try {
    return await parseTokenFile(source, candidate.key);
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}

/** The key could not be had, but the file that needed it isn't there any more either. */
class FileReplacedError extends Error {
  constructor(cause: unknown) {
    super(`${TOKEN_FILE} was replaced while it was read`, { cause });
  }
}

const MAX_READS = 5;

/**
 * Reading takes no lock, so that another process may move the key to another guardian between a look at the file and
 * one at the guardian that it names. Then the file is read again.
 */
export async function retryIfReplaced<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1;; reads++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof FileReplacedError)) throw error;
      if (reads === MAX_READS) throw error.cause;
    }
  }
}
