import { encodeHex } from "@std/encoding/hex";
import type { Lock } from "../system/lock.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import { GuardedFile, type GuardedFileOptions } from "./guarded_file.ts";
import type { Session, SessionKey } from "./session.ts";
import { formatSession, parseSession } from "./session_record.ts";
import type { ProfileSecrets } from "./profile_secrets.ts";
import type { PlainRecord, TokenFile } from "./token_file.ts";
import type { KeyPlace, TokenStore } from "./token_store.ts";

/** What {@linkcode openTokenStore} needs. */
export interface TokenStoreOptions extends Omit<GuardedFileOptions, "lockTimeoutMs"> {
  /** Longest wait for another process that writes, in milliseconds. Default: 10 seconds. */
  readonly lockTimeoutMs?: number;
  /** Longest wait for a turn at a profile, in milliseconds. Default: 90 seconds. */
  readonly turnTimeoutMs?: number;
}

/** The tokens in `tokens.enc`. Opening does nothing yet; reading makes nothing. */
export function openTokenStore(options: TokenStoreOptions): TokenStore {
  return new EncryptedTokenStore(options);
}

const PROFILE_LOCKS = "locks";
const SESSION = "session";
const SECRETS = "secrets";
const LOCK_TIMEOUT_MS = 10_000;
/** A refresh asks the network twice, for 30 seconds at most: whoever takes longer has been stopped. */
const TURN_TIMEOUT_MS = 90_000;

class EncryptedTokenStore implements TokenStore {
  readonly #file: GuardedFile;
  readonly #folder: PrivateFolder;
  readonly #turnTimeoutMs: number;

  constructor(options: TokenStoreOptions) {
    this.#file = new GuardedFile({ ...options, lockTimeoutMs: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS });
    this.#folder = options.folder;
    this.#turnTimeoutMs = options.turnTimeoutMs ?? TURN_TIMEOUT_MS;
  }

  async read(key: SessionKey): Promise<Session | null> {
    return await this.#file.read((file) => findSession(file, key));
  }

  async list(): Promise<Session[]> {
    const records = await this.#file.readAll();
    return records.filter(({ kind }) => kind === SESSION).map(({ data }) => parseSession(data));
  }

  async save(session: Session): Promise<void> {
    const saved = { kind: SESSION, name: session.profile, data: formatSession(session) };
    await this.#file.change((records) => {
      const kept = records.filter((record) =>
        !(isSessionOf(record, session.profile) && isSameKey(parseSession(record.data), session))
      );
      return [...kept, saved];
    });
  }

  async forget(
    profile: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<number> {
    if (!await this.#file.exists()) return 0;
    // A refresh that is under way would save again what is dropped here.
    using _turn = await this.#takeTurn(profile, options);
    return await this.drop(profile, "sessions", options);
  }

  async drop(
    profile: string,
    what: "sessions" | "everything",
    options: { signal?: AbortSignal } = {},
  ): Promise<number> {
    if (!await this.#file.exists()) return 0;
    let sessions = 0;
    await this.#file.change((records) => {
      const kept = records.filter((record) =>
        record.name !== profile || (what === "sessions" && record.kind !== SESSION)
      );
      sessions = records.filter((record) => isSessionOf(record, profile)).length;
      return kept.length === records.length ? null : kept;
    }, options);
    return sessions;
  }

  async rename(profile: string, newName: string): Promise<void> {
    if (!await this.#file.exists()) return;
    await this.#file.change((records) => {
      if (!records.some(({ name }) => name === profile || name === newName)) return null;
      const others = records.filter(({ name }) => name !== newName);
      return others.map((record) => record.name === profile ? renamed(record, newName) : record);
    });
  }

  async readSecrets(profile: string): Promise<ProfileSecrets | null> {
    const { parseProfileSecrets } = await import("./profile_secrets.ts");
    return await this.#file.read(async (file) => {
      const place = file.index.findIndex(({ kind, name }) => kind === SECRETS && name === profile);
      return place === -1 ? null : parseProfileSecrets(await file.open(place));
    });
  }

  async saveSecrets(profile: string, secrets: ProfileSecrets | null): Promise<void> {
    if (secrets === null && !await this.#file.exists()) return;
    // Not loaded where a token is in the cache.
    const { formatProfileSecrets } = await import("./profile_secrets.ts");
    await this.#file.change((records) => {
      const kept = records.filter((record) => !isSecretsOf(record, profile));
      if (secrets !== null) {
        return [...kept, { kind: SECRETS, name: profile, data: formatProfileSecrets(secrets) }];
      }
      return kept.length === records.length ? null : kept;
    });
  }

  moveAside(): Promise<string | null> {
    return this.#file.moveAside();
  }

  keyPlace(): Promise<KeyPlace> {
    return this.#file.keyPlace();
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
}

async function findSession(file: TokenFile, key: SessionKey): Promise<Session | null> {
  for (const [place, { kind, name }] of file.index.entries()) {
    if (kind !== SESSION || name !== key.profile) continue;
    const session = parseSession(await file.open(place));
    if (isSameKey(session, key)) return session;
  }
  return null;
}

function renamed({ kind, data }: PlainRecord, name: string): PlainRecord {
  if (kind !== SESSION) return { kind, name, data };
  return { kind, name, data: formatSession({ ...parseSession(data), profile: name }) };
}

function isSecretsOf(record: PlainRecord, profile: string): boolean {
  return record.kind === SECRETS && record.name === profile;
}

function isSessionOf(record: PlainRecord, profile: string): boolean {
  return record.kind === SESSION && record.name === profile;
}

function isSameKey(a: SessionKey, b: SessionKey): boolean {
  return a.profile === b.profile && a.authority === b.authority && a.tenant === b.tenant &&
    a.clientId === b.clientId && a.owner === b.owner;
}
