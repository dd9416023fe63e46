import { CliError } from "../errors.ts";
import { shellWord } from "../shell_word.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import type { Profile } from "./profile.ts";
import {
  emptyProfileFile,
  type Fields,
  formatProfileFile,
  parseProfileFile,
  type ProfileFile,
  profileIn,
  profileRecord,
  refuseDuplicates,
  unknownFields,
} from "./profile_file.ts";

/**
 * The profiles, in `profiles.json`. Everything throws a `CliError`: `invalid_profile` for a mistake in the file, with
 * line and column, `store` or `permission`. A file with a mistake is never rewritten.
 */
export interface ProfileBook {
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

/** What {@linkcode openProfileBook} needs. */
export interface ProfileBookOptions {
  /** Where `profiles.json` is. */
  readonly folder: PrivateFolder;
}

const PROFILE_FILE = "profiles.json";
const PROFILE_LOCK = "profiles.lock";
const LOCK_TIMEOUT_MS = 10_000;

/** The profiles in `folder`. Nothing is read or made before it is needed. */
export function openProfileBook({ folder }: ProfileBookOptions): ProfileBook {
  const path = folder.pathOf(PROFILE_FILE);

  async function read(): Promise<ProfileFile | null> {
    const content = await folder.read(PROFILE_FILE, "readable");
    return content === null ? null : await parseProfileFile(path, content);
  }

  /** Rewrites the file with what `change` makes of the profiles; nothing is written when it gives null. */
  async function rewrite(
    change: (profiles: Fields) => Fields | null,
  ): Promise<boolean> {
    using _lock = await folder.lock(PROFILE_LOCK, { timeoutMs: LOCK_TIMEOUT_MS });
    const file = await read() ?? emptyProfileFile(path);
    await refuseDuplicates(file);
    const profiles = change(file.profiles);
    if (profiles !== null) await folder.replace(PROFILE_FILE, formatProfileFile(file, profiles));
    return profiles !== null;
  }

  return {
    async find(name) {
      const file = await read();
      return file === null ? null : await profileIn(file, name);
    },
    async list() {
      const file = await read();
      if (file === null) return [];
      await refuseDuplicates(file);
      const profiles = await Promise.all(Object.keys(file.profiles).map((name) => profileIn(file, name)));
      return profiles.filter((profile) => profile !== null);
    },
    async add(profile) {
      await rewrite((present) => withAdded(present, profile));
    },
    async addAll(profiles, { overwrite }) {
      await rewrite((present) =>
        profiles.reduce((all: Fields, profile) => withAdded(all, profile, overwrite), present)
      );
    },
    async update(name, changed) {
      await rewrite((present) => withChanged(present, name, changed));
    },
    async remove(name) {
      if (!await folder.has(PROFILE_FILE)) return false;
      return await rewrite((profiles) => {
        if (!Object.hasOwn(profiles, name)) return null;
        const { [name]: _, ...others } = profiles;
        return others;
      });
    },
    async assertWritable() {
      await rewrite((present) => present);
    },
  };
}

function withAdded(present: Fields, profile: Profile, overwrite = false): Fields {
  if (!overwrite && Object.hasOwn(present, profile.name)) throw nameTaken(profile.name);
  return {
    ...present,
    [profile.name]: { ...unknownFields(present[profile.name]), ...profileRecord(profile) },
  };
}

/** The profile keeps its place in the file, and the fields that this program doesn't know. */
function withChanged(present: Fields, name: string, changed: Profile): Fields {
  if (!Object.hasOwn(present, name)) throw noSuchProfile(name);
  if (changed.name !== name && Object.hasOwn(present, changed.name)) throw nameTaken(changed.name);
  return Object.fromEntries(
    Object.entries(present).map(([key, record]) =>
      key === name ? [changed.name, { ...unknownFields(record), ...profileRecord(changed) }] : [key, record]
    ),
  );
}

/** The error for a profile that isn't there. */
export function noSuchProfile(name: string): CliError {
  return new CliError("no_profile", `Profile '${name}' does not exist`, {
    hint: "See what there is: entra-auth-cli list-profiles",
  });
}

/** The error for a new profile whose name is taken. */
export function nameTaken(name: string): CliError {
  return new CliError("usage", `Profile '${name}' exists already`, {
    hint: `Choose another name, or delete it first: entra-auth-cli delete-profile --name ${shellWord(name)}`,
  });
}
