import { newProfileIdentity, type ProfileIdentity } from "../identity/profile_identity.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { isJsonObject, type JsonObject } from "../text/json.ts";
import { DEFAULT_PROFILE, nameTaken, noSuchProfile, type Profile } from "./profile.ts";
import {
  CURRENT,
  currentIn,
  emptyProfileFile,
  formatProfileFile,
  identitiesIn,
  identityIn,
  identityRecord,
  PROFILE_FILE,
  type ProfileFile,
  profileFileReader,
  profileIn,
  profileRecord,
  profilesIn,
  readProfileFile,
  rejectDeepValues,
  unknownFields,
} from "./profile_file.ts";
import { rejectDuplicates } from "./profile_file_error.ts";
import { checkProfileName } from "./validate_fields.ts";

const PROFILE_LOCK = "profiles.lock";
const LOCK_TIMEOUT_MS = 10_000;

/** A profile with what its tokens are bound to. Both are null if there is no profile of this name. */
export interface FoundProfile {
  readonly name: string;
  readonly profile: Profile | null;
  readonly identity: ProfileIdentity | null;
}

/**
 * The profiles in `profiles.json`. All methods throw a `CliError`: `invalid_profile` for a mistake in the file, with line
 * and column, `store` or `permission`. A file with a mistake is never rewritten.
 */
export interface ProfileStore {
  /** Returns the profile `name`, or null. Mistakes in other profiles do not matter. */
  find(name: string): Promise<Profile | null>;
  /**
   * Finds the profile `name` and its identity, in one read. Null stands for the profile that the user chose, or
   * {@linkcode DEFAULT_PROFILE}.
   */
  lookUp(name: string | null): Promise<FoundProfile>;
  /** Looks up each of these names, in one read. */
  lookUpAll(names: readonly string[]): Promise<ReadonlyMap<string, FoundProfile>>;
  /** Returns the identities of all profiles by name, null for a profile that has none yet. Other mistakes do not matter. */
  identities(): Promise<ReadonlyMap<string, ProfileIdentity | null>>;
  /** Sets the identity of the profile `name`, unless the profile does not exist or has another id. */
  identify(name: string, identity: ProfileIdentity): Promise<void>;
  /** Returns all profiles, in the order of the file. */
  list(): Promise<Profile[]>;
  /** Adds a profile with a new identity. @throws {CliError} `usage` if its name is taken. */
  add(profile: Profile): Promise<void>;
  /**
   * Adds all of these profiles or none. An overwritten profile keeps its identity and the fields that this program does not know.
   * @throws {CliError} `usage` if one of the names is taken and `overwrite` is false.
   */
  addAll(profiles: readonly Profile[], options: { readonly overwrite: boolean }): Promise<void>;
  /**
   * Replaces the profile `name` by `changed`, which may have another name, and keeps its identity and the fields that this
   * program does not know. @throws {CliError} `no_profile`, or `usage` if another profile has the new name.
   */
  update(name: string, changed: Profile): Promise<void>;
  /** Returns the name of the profile that `choose` chose, or null. */
  current(): Promise<string | null>;
  /** Chooses the profile that commands use by default. @throws {CliError} `no_profile` */
  choose(name: string): Promise<void>;
  /** Removes the profile `name`. Returns false if it does not exist. */
  remove(name: string): Promise<boolean>;
  /** Writes the file unchanged, to be sure that it can be written before doing what cannot be undone. */
  assertWritable(): Promise<void>;
}

export interface ProfileStoreOptions {
  /** The folder of `profiles.json`. */
  readonly folder: PrivateFolder;
}

/** Opens the profile store. Reads and creates nothing before it is needed. */
export function openProfileStore({ folder }: ProfileStoreOptions): ProfileStore {
  return new StoredProfiles(folder);
}

class StoredProfiles implements ProfileStore {
  readonly #folder: PrivateFolder;
  /** Reads the file to look something up. A change reads it again, under the lock. */
  readonly #read: () => Promise<ProfileFile | null>;

  constructor(folder: PrivateFolder) {
    this.#folder = folder;
    this.#read = profileFileReader(folder);
  }

  async find(name: string): Promise<Profile | null> {
    return (await this.lookUp(name)).profile;
  }

  async lookUp(typed: string | null): Promise<FoundProfile> {
    const file = await this.#read();
    const name = typed ?? checkProfileName((file === null ? null : currentIn(file)) ?? DEFAULT_PROFILE);
    return await foundIn(file, name);
  }

  async lookUpAll(names: readonly string[]): Promise<ReadonlyMap<string, FoundProfile>> {
    const file = await this.#read();
    const found = new Map<string, FoundProfile>();
    for (const name of names) found.set(name, await foundIn(file, name));
    return found;
  }

  async identities(): Promise<ReadonlyMap<string, ProfileIdentity | null>> {
    const file = await this.#read();
    return file === null ? new Map() : await identitiesIn(file, Object.keys(file.profiles));
  }

  async current(): Promise<string | null> {
    const file = await this.#read();
    return file === null ? null : currentIn(file);
  }

  async list(): Promise<Profile[]> {
    const file = await this.#read();
    if (file === null) return [];
    await rejectDeepValues(file);
    await rejectDuplicates(file);
    return await profilesIn(file, Object.keys(file.profiles));
  }

  async add(profile: Profile): Promise<void> {
    await this.addAll([profile], { overwrite: false });
  }

  async addAll(profiles: readonly Profile[], { overwrite }: { readonly overwrite: boolean }): Promise<void> {
    await this.#rewrite((present) => {
      const records = new Map(Object.entries(present));
      for (const profile of profiles) addRecord(records, profile, overwrite);
      return Object.fromEntries(records);
    });
  }

  async update(name: string, changed: Profile): Promise<void> {
    const renamed = (current: string | null) => current === name ? changed.name : current;
    await this.#rewrite((present) => withChanged(present, name, changed), renamed);
  }

  async identify(name: string, identity: ProfileIdentity): Promise<void> {
    await this.#rewrite(async (present, file) => {
      const record = Object.hasOwn(present, name) ? present[name] : undefined;
      const id = (await identityIn(file, name))?.id ?? identity.id;
      if (!isJsonObject(record) || id !== identity.id) return null;
      return { ...present, [name]: { ...record, ...identityRecord(identity) } };
    });
  }

  async remove(name: string): Promise<boolean> {
    if (!await this.#folder.has(PROFILE_FILE)) return false;
    return await this.#rewrite((profiles) => {
      if (!Object.hasOwn(profiles, name)) return null;
      const { [name]: _, ...others } = profiles;
      return others;
    });
  }

  async choose(name: string): Promise<void> {
    const existing = (present: JsonObject) => {
      if (!Object.hasOwn(present, name)) throw noSuchProfile(name);
      return present;
    };
    await this.#rewrite(existing, () => name);
  }

  async assertWritable(): Promise<void> {
    await this.#rewrite((present) => present);
  }

  /**
   * Rewrites the file with the profiles that `change` returns. If it returns null, nothing is written. `choose` gets the
   * name of the chosen profile, or null, and returns the one to choose; a profile that is gone is not chosen.
   */
  async #rewrite(
    change: (profiles: JsonObject, file: ProfileFile) => JsonObject | null | Promise<JsonObject | null>,
    choose: (current: string | null) => string | null = (current) => current,
  ): Promise<boolean> {
    const folder = this.#folder;
    using _lock = await folder.lock(PROFILE_LOCK, { timeoutMs: LOCK_TIMEOUT_MS });
    const file = await readProfileFile(folder) ?? emptyProfileFile(folder.pathOf(PROFILE_FILE));
    await rejectDuplicates(file);
    const profiles = await change(file.profiles, file);
    if (profiles === null) return false;
    const rest = withCurrent(file, choose(currentIn(file)), profiles);
    await folder.replace(PROFILE_FILE, formatProfileFile({ rest }, profiles));
    return true;
  }
}

async function foundIn(file: ProfileFile | null, name: string): Promise<FoundProfile> {
  if (file === null) return { name, profile: null, identity: null };
  return { name, profile: await profileIn(file, name), identity: await identityIn(file, name) };
}

function withCurrent(file: ProfileFile, current: string | null, profiles: JsonObject): JsonObject {
  const { [CURRENT]: _, ...others } = file.rest;
  if (current !== null && Object.hasOwn(profiles, current)) return { ...others, [CURRENT]: current };
  return currentIn(file) === null ? file.rest : others;
}

function addRecord(records: Map<string, unknown>, profile: Profile, overwrite: boolean): void {
  const { name } = profile;
  if (!overwrite && records.has(name)) throw nameTaken(name);
  const record = profileRecord(profile);
  const added = records.has(name)
    ? { ...unknownFields(records.get(name)), ...record }
    : { ...record, ...identityRecord(newProfileIdentity()) };
  records.set(name, added);
}

/** Keeps the position of the profile in the file, and the fields that this program does not know. */
function withChanged(present: JsonObject, name: string, changed: Profile): JsonObject {
  if (!Object.hasOwn(present, name)) throw noSuchProfile(name);
  if (changed.name !== name && Object.hasOwn(present, changed.name)) throw nameTaken(changed.name);
  return Object.fromEntries(
    Object.entries(present).map(([key, record]) =>
      key === name ? [changed.name, { ...unknownFields(record), ...profileRecord(changed) }] : [key, record]
    ),
  );
}
