import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { Profile } from "./profile.ts";
import { parseProfileFile, type ProfileFile, profileIn } from "./profile_file.ts";

/**
 * The profiles, in `profiles.json`. Everything throws a `CliError`: `invalid_profile` for a mistake in the file, with
 * line and column, `store` or `permission`. A file with a mistake is never rewritten.
 */
export interface ProfileStore {
  /** The profile called `name`, or null. Mistakes in other profiles don't matter. */
  find(name: string): Promise<Profile | null>;
  /** All profiles, in the order of the file. */
  list(): Promise<Profile[]>;
  /** Writes a new profile. @throws {CliError} `usage` when there is one with its name. */
  add(profile: Profile): Promise<void>;
  /**
   * Writes all of these profiles or none. One that is overwritten keeps what this program doesn't know.
   * @throws {CliError} `usage` when there is one with the name of one of them, unless it may be overwritten.
   */
  addAll(profiles: readonly Profile[], options: { readonly overwrite: boolean }): Promise<void>;
  /**
   * Puts `changed` in the place of the profile called `name`, under its own name, and keeps what this program doesn't
   * know. @throws {CliError} `no_profile`, or `usage` when another profile has the new name.
   */
  update(name: string, changed: Profile): Promise<void>;
  /** Removes the profile called `name`; gives whether there was one. */
  remove(name: string): Promise<boolean>;
  /** Writes the file as it is: for who has to know that it can be changed before doing what can't be undone. */
  assertWritable(): Promise<void>;
}

/** What {@linkcode openProfileStore} needs. */
export interface ProfileStoreOptions {
  /** Where `profiles.json` is. */
  readonly folder: PrivateFolder;
}

/** Name of the file with the profiles in the home folder. */
export const PROFILE_FILE = "profiles.json";

/** The profiles in `folder`. Nothing is read or made before it is needed. */
export function openProfileStore({ folder }: ProfileStoreOptions): ProfileStore {
  /** All but the way to one profile, which is all that a cached token needs. */
  const rest = async () => (await import("./profile_changes.ts")).openProfileChanges(folder);
  return {
    async find(name) {
      const file = await readProfileFile(folder);
      return file === null ? null : await profileIn(file, name);
    },
    list: async () => await (await rest()).list(),
    add: async (profile) => await (await rest()).add(profile),
    addAll: async (profiles, options) => await (await rest()).addAll(profiles, options),
    update: async (name, changed) => await (await rest()).update(name, changed),
    remove: async (name) => await (await rest()).remove(name),
    assertWritable: async () => await (await rest()).assertWritable(),
  };
}

/** The file in `folder`, or null where there is none. @throws {CliError} As `ProfileBook`. */
export async function readProfileFile(folder: PrivateFolder): Promise<ProfileFile | null> {
  const content = await folder.read(PROFILE_FILE, "readable");
  return content === null ? null : await parseProfileFile(folder.pathOf(PROFILE_FILE), content);
}
