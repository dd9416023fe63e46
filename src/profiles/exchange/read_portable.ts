import { CliError } from "../../errors.ts";
import type { Secret } from "../../text/secret.ts";
import { checkProfileName } from "../validate_fields.ts";
import {
  dotnetExportError,
  isDotnetProfiles,
  openDotnetExport,
  parseDotnetProfiles,
  type ReadProfile,
} from "./dotnet_profiles.ts";
import { isSealed, openSealed } from "./passphrase_seal.ts";
import { notAnExport, parsePortable } from "./portable_file.ts";

export type { ReadProfile };

/** How a file of profiles is read. */
export interface ReadPortableOptions {
  /** Path of the file, for messages. */
  readonly path: string;
  /** Name for the only profile in it, in place of its own. */
  readonly newName: string | undefined;
  /** Called where the file needs a passphrase. */
  readonly askPassphrase: () => Promise<Secret>;
}

/**
 * The profiles in a file: an export of this program, plain or sealed, a `profiles.json`, or profiles of the .NET tool of
 * the same name. All of it is judged before anything is given.
 *
 * @throws {CliError} `invalid_profile` for a foreign, newer or damaged file or a wrong passphrase; `usage` for a new name
 *   where there are several profiles; what `askPassphrase` throws.
 */
export async function readPortable(text: string, options: ReadPortableOptions): Promise<ReadProfile[]> {
  const found = await read(text.replace(/^\uFEFF/, ""), options);
  const [first, ...others] = found;
  if (first === undefined) throw notAnExport(options.path, "there is no profile in it");
  if (options.newName === undefined) return found;
  if (others.length === 0) {
    return [{ ...first, profile: { ...first.profile, name: checkProfileName(options.newName) } }];
  }
  throw new CliError("usage", `--name is for one profile, and ${options.path} has ${found.length}`, {
    hint: "Leave --name out, or export the one profile alone.",
  });
}

async function read(
  text: string,
  { path, newName, askPassphrase }: ReadPortableOptions,
): Promise<ReadProfile[]> {
  const exported = dotnetExportError(text);
  if (exported !== null) {
    const value = await openDotnetExport(path, exported, await askPassphrase());
    return parseDotnetProfiles(path, value, newName);
  }
  const value = tryParse(text);
  if (isSealed(value)) {
    return withoutNotes(await parsePortable(path, await openSealed(path, value, askPassphrase)));
  }
  if (isDotnetProfiles(value)) return parseDotnetProfiles(path, value, newName);
  // What looks like JSON at all is told where it stops being it.
  if (value === undefined && !/^\s*[{[]/.test(text)) throw notAnExport(path);
  return withoutNotes(await parsePortable(path, text));
}

function withoutNotes(profiles: Awaited<ReturnType<typeof parsePortable>>): ReadProfile[] {
  return profiles.map((profile) => ({ ...profile, notes: [] }));
}

/** Undefined for what is not JSON. */
function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
