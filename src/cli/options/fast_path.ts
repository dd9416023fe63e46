import type { GetTokenFlags } from "../commands/run_get_token.ts";

/** Flags with a value, and what they set. */
const VALUES: ReadonlyMap<string, keyof GetTokenFlags> = new Map([
  ["--output", "output"],
  ["-o", "output"],
  ["--profile", "profile"],
  ["-p", "profile"],
  ["--scope", "scope"],
  ["-s", "scope"],
  ["--tenant-id", "tenantId"],
  ["--client-id", "clientId"],
  ["--flow", "flow"],
  ["-f", "flow"],
]);

/** Flags without one, and what they set to what. */
const SWITCHES: ReadonlyMap<string, readonly [keyof GetTokenFlags, boolean]> = new Map([
  ["--quiet", ["quiet", true]],
  ["-q", ["quiet", true]],
  ["--no-interactive", ["interactive", false]],
]);

/**
 * The flags of a `get-token` as scripts call it all day, or null for every other command line and for each that is not
 * plainly right.
 *
 * Loading Cliffy, and having it told of every flag there is, takes as long as all the rest of a call that finds its token
 * in the cache. So these few are read here, and what this function doesn't know is Cliffy's to read, to explain or to
 * refuse. What it does know, it reads as Cliffy does.
 */
export function fastPath(args: readonly string[]): GetTokenFlags | null {
  const [command, ...words] = args;
  if (command !== "get-token") return null;
  const scope: string[] = [];
  const others = new Map<keyof GetTokenFlags, string | boolean>();
  while (words.length > 0) {
    const read = readFlag(words);
    if (read === null || others.has(read.sets)) return null;
    if (read.sets === "scope") scope.push(String(read.value));
    else others.set(read.sets, read.value);
  }
  return {
    cache: true,
    interactive: true,
    ...Object.fromEntries(others),
    ...(scope.length === 0 ? {} : { scope }),
  };
}

/** Takes one flag, with its value, off the beginning of `words`; null where it is not one of these few, or wrong. */
function readFlag(
  words: string[],
): { readonly sets: keyof GetTokenFlags; readonly value: string | boolean } | null {
  const word = words.shift() ?? "";
  const switched = SWITCHES.get(word);
  if (switched !== undefined) return { sets: switched[0], value: switched[1] };
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  const sets = VALUES.get(equals === -1 ? word : word.slice(0, equals));
  const value = equals === -1 ? words.shift() : word.slice(equals + 1);
  // A value that looks like a flag, or is empty, is more likely a mistake.
  if (sets === undefined || value === undefined || value === "" || value.startsWith("-")) return null;
  return { sets, value };
}
