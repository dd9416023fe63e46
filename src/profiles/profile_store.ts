import type { ProfileIdentity } from "../identity/profile_identity.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { DEFAULT_PROFILE, type Profile } from "./profile.ts";
import type { ProfileChanges } from "./profile_changes.ts";
import {
  currentIn,
  identitiesIn,
  identityIn,
  PROFILE_FILE,
  type ProfileFile,
  profileFileReader,
  profileIn,
  profilesIn,
  rejectDeepValues,
} from "./profile_file.ts";
import { checkProfileName } from "./validate_fields.ts";

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
    const { rejectDuplicates } = await import("./profile_file_error.ts");
    await rejectDuplicates(file);
    return await profilesIn(file, Object.keys(file.profiles));
  }

  async add(profile: Profile): Promise<void> {
    await this.addAll([profile], { overwrite: false });
  }

  async addAll(profiles: readonly Profile[], options: { readonly overwrite: boolean }): Promise<void> {
    await (await this.#changes()).addAll(profiles, options);
  }

  async update(name: string, changed: Profile): Promise<void> {
    await (await this.#changes()).update(name, changed);
  }

  async identify(name: string, identity: ProfileIdentity): Promise<void> {
    await (await this.#changes()).identify(name, identity);
  }

  async remove(name: string): Promise<boolean> {
    return await this.#folder.has(PROFILE_FILE) && await (await this.#changes()).remove(name);
  }

  async choose(name: string): Promise<void> {
    await (await this.#changes()).choose(name);
  }

  async assertWritable(): Promise<void> {
    await (await this.#changes()).assertWritable();
  }

  /** Imported late: a cached token only reads. */
  async #changes(): Promise<ProfileChanges> {
    const { ProfileChanges } = await import("./profile_changes.ts");
    return new ProfileChanges(this.#folder);
  }
}

async function foundIn(file: ProfileFile | null, name: string): Promise<FoundProfile> {
  if (file === null) return { name, profile: null, identity: null };
  return { name, profile: await profileIn(file, name), identity: await identityIn(file, name) };
}
