import { CliError } from "../../errors.ts";
import { parseJson } from "../../text/json.ts";
import type { Secret } from "../../text/secret.ts";
import { checkProfileName } from "../validate_fields.ts";
import {
  decodeDotnetExport,
  type ImportedProfile,
  isDotnetProfiles,
  openDotnetExport,
  parseDotnetProfiles,
} from "./dotnet_profiles.ts";
import { isSealed, openSealed } from "./passphrase_seal.ts";
import { notAnExport, parsePortable } from "./portable_file.ts";

export type { ImportedProfile };

export interface ReadPortableOptions {
  /** The path of the file, for messages. */
  readonly path: string;
  /** Replaces the name of the only profile in the file. */
  readonly newName: string | undefined;
  /** Called if the file needs a passphrase. */
  readonly askPassphrase: () => Promise<Secret>;
}

/**
 * Reads the profiles in a file: an export of this program, plain or sealed, a `profiles.json`, or profiles of the .NET tool
 * of the same name. Validates all of it before it returns anything.
 *
 * @throws {CliError} `invalid_profile` for another format, a newer or damaged file, or a wrong passphrase; `usage` for a
 *   new name if there are several profiles; whatever `askPassphrase` throws.
 */
export async function readPortable(text: string, options: ReadPortableOptions): Promise<ImportedProfile[]> {
  const found = await read(text.replace(/^\uFEFF/, ""), options);
  const [first, ...others] = found;
  if (first === undefined) throw notAnExport(options.path, "it contains no profile");
  if (options.newName === undefined) return found;
  if (others.length === 0) {
    return [{ ...first, profile: { ...first.profile, name: checkProfileName(options.newName) } }];
  }
  throw new CliError("usage", `--name is for one profile, but ${options.path} contains ${found.length}`, {
    hint: "Omit --name, or export a single profile.",
  });
}

async function read(
  text: string,
  { path, newName, askPassphrase }: ReadPortableOptions,
): Promise<ImportedProfile[]> {
  const exported = decodeDotnetExport(text);
  if (exported !== null) {
    const value = await openDotnetExport(path, exported, await askPassphrase());
    return parseDotnetProfiles(path, value, newName);
  }
  const value = tryParse(text);
  if (isSealed(value)) {
    return withoutNotes(await parsePortable(path, await openSealed(path, value, askPassphrase)));
  }
  if (isDotnetProfiles(value)) return parseDotnetProfiles(path, value, newName);
  // For what looks like JSON, the parser reports the place of the mistake.
  if (value === undefined && !/^\s*[{[]/.test(text)) throw notAnExport(path);
  return withoutNotes(await parsePortable(path, text));
}

function withoutNotes(profiles: Awaited<ReturnType<typeof parsePortable>>): ImportedProfile[] {
  return profiles.map((profile) => ({ ...profile, notes: [] }));
}

/** Returns undefined for text that is not JSON. */
function tryParse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
