import type { PrivateFolder } from "../system/files/private_folder.ts";
import {
  emptyProfileFile,
  type Fields,
  formatProfileFile,
  profileIn,
  profileRecord,
  unknownFields,
} from "./profile_file.ts";
import { nameTaken, noSuchProfile, type Profile } from "./profile.ts";
import { PROFILE_FILE, type ProfileStore, readProfileFile } from "./profile_store.ts";
import { refuseDuplicates } from "./profile_file_error.ts";

const PROFILE_LOCK = "profiles.lock";
const LOCK_TIMEOUT_MS = 10_000;

/** What reads all profiles in `folder`, or changes one. Nothing is read or made before it is needed. */
export function openProfileChanges(folder: PrivateFolder): Omit<ProfileStore, "find"> {
  /** Rewrites the file with what `change` makes of the profiles; nothing is written when it gives null. */
  async function rewrite(
    change: (profiles: Fields) => Fields | null,
  ): Promise<boolean> {
    using _lock = await folder.lock(PROFILE_LOCK, { timeoutMs: LOCK_TIMEOUT_MS });
    const file = await readProfileFile(folder) ?? emptyProfileFile(folder.pathOf(PROFILE_FILE));
    await refuseDuplicates(file);
    const profiles = change(file.profiles);
    if (profiles !== null) await folder.replace(PROFILE_FILE, formatProfileFile(file, profiles));
    return profiles !== null;
  }

  return {
    async list() {
      const file = await readProfileFile(folder);
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
