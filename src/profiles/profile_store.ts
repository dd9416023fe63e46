import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { Profile } from "./profile.ts";
import { profileIn, readProfileFile } from "./profile_file.ts";

/**
 * The profiles in `profiles.json`. All methods throw a `CliError`: `invalid_profile` for a mistake in the file, with line
 * and column, `store` or `permission`. A file with a mistake is never rewritten.
 */
export interface ProfileStore {
  /** Returns the profile `name`, or null. Mistakes in other profiles do not matter. */
  find(name: string): Promise<Profile | null>;
  /** Returns all profiles, in the order of the file. */
  list(): Promise<Profile[]>;
  /** Adds a profile. @throws {CliError} `usage` if its name is taken. */
  add(profile: Profile): Promise<void>;
  /**
   * Adds all of these profiles or none. An overwritten profile keeps the fields that this program does not know.
   * @throws {CliError} `usage` if one of the names is taken and `overwrite` is false.
   */
  addAll(profiles: readonly Profile[], options: { readonly overwrite: boolean }): Promise<void>;
  /**
   * Replaces the profile `name` by `changed`, which may have another name, and keeps the fields that this program does
   * not know. @throws {CliError} `no_profile`, or `usage` if another profile has the new name.
   */
  update(name: string, changed: Profile): Promise<void>;
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
  /** Everything that a cached token does not need. */
  const changes = async () => {
    const { ProfileChanges } = await import("./profile_changes.ts");
    return new ProfileChanges(folder);
  };
  return {
    async find(name) {
      const file = await readProfileFile(folder);
      return file === null ? null : await profileIn(file, name);
    },
    list: async () => await (await changes()).list(),
    add: async (profile) => await (await changes()).add(profile),
    addAll: async (profiles, options) => await (await changes()).addAll(profiles, options),
    update: async (name, changed) => await (await changes()).update(name, changed),
    remove: async (name) => await (await changes()).remove(name),
    assertWritable: async () => await (await changes()).assertWritable(),
  };
}
