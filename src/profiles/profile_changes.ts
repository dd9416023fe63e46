import { newProfileIdentity, type ProfileIdentity } from "../identity/profile_identity.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { isJsonObject, type JsonObject } from "../text/json.ts";
import { nameTaken, noSuchProfile, type Profile } from "./profile.ts";
import {
  CURRENT,
  currentIn,
  emptyProfileFile,
  formatProfileFile,
  identityIn,
  identityRecord,
  PROFILE_FILE,
  type ProfileFile,
  profileRecord,
  readProfileFile,
  unknownFields,
} from "./profile_file.ts";
import { rejectDuplicates } from "./profile_file_error.ts";

const PROFILE_LOCK = "profiles.lock";
const LOCK_TIMEOUT_MS = 10_000;

/** The changes of a profile store. Each reads `profiles.json` again, under a lock. */
export class ProfileChanges {
  readonly #folder: PrivateFolder;

  constructor(folder: PrivateFolder) {
    this.#folder = folder;
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
