/**
 * Downloads a pinned package from npm without an installation: `npm pack`, check of the integrity, `tar`. It has no
 * dependencies, so that it runs before everything else.
 */

/** A package on npm, with the integrity that npm published for it. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  /** What is used of it, if its name does not say so. */
  readonly contains?: string;
}

/** The ignored folder for the output of these scripts. */
export const DEV_FOLDER: URL = new URL("../../.dev/", import.meta.url);

/** Prints a line about the progress of a script to stderr. */
export function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`dev: ${line}\n`));
}

/** For `.catch()` after a removal: ignores a missing file. */
function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function run(program: string, args: readonly string[], cwd: URL): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], cwd }).output();
  if (!success) {
    throw new Error(`Cannot run ${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  }
  return new TextDecoder().decode(stdout).trim();
}

async function integrityOf(file: URL): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", await Deno.readFile(file)));
  return `sha512-${btoa(String.fromCharCode(...digest))}`;
}

/**
 * Unpacks a package, or only its `members` (files and folders), into the new folder `name` in `parent`. Throws an `Error` if
 * npm or tar fails or if the integrity is not the pinned one.
 */
export async function unpackFromNpm(
  pinned: PinnedPackage,
  parent: URL,
  name: string,
  members: readonly string[] = [],
): Promise<void> {
  const spec = `${pinned.name}@${pinned.version}`;
  say(
    `downloading ${spec} from npm${
      pinned.contains === undefined ? "" : `, which contains ${pinned.contains}`
    }`,
  );
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  const tarball = (await run(npm, ["pack", spec, "--silent"], parent)).split("\n").at(-1)?.trim() ?? "";
  const found = await integrityOf(new URL(tarball, parent));
  if (found !== pinned.integrity) {
    throw new Error(`Invalid integrity of ${spec}: found ${found}, expected ${pinned.integrity}`);
  }
  await Deno.mkdir(new URL(`${name}/`, parent));
  const paths = members.length === 0 ? ["package"] : members.map((member) => `package/${member}`);
  // Relative names, because some builds of tar parse the colon of a Windows drive as a host.
  await run("tar", ["-xzf", tarball, "-C", name, "--strip-components=1", ...paths], parent);
  await Deno.remove(new URL(tarball, parent));
}

/**
 * Calls `make` to fill a draft folder and then renames it to `folder`, so that neither an interrupted nor a concurrent run
 * sees an incomplete folder. Does nothing if the folder has this `stamp`.
 */
export async function makeFolderOnce(
  folder: URL,
  stamp: string,
  make: (draft: URL) => Promise<void>,
): Promise<void> {
  if (await hasStamp(folder, stamp)) return;
  const draft = new URL(`${folder.href.replace(/\/$/, "")}.${crypto.randomUUID()}/`);
  await Deno.mkdir(draft, { recursive: true });
  try {
    await make(draft);
    await Deno.writeTextFile(new URL("stamp.json", draft), stamp);
    // A concurrent run may have made the same folder.
    if (await hasStamp(folder, stamp)) return;
    await Deno.remove(folder, { recursive: true }).catch(ignoreNotFound);
    await Deno.rename(draft, folder);
  } finally {
    await Deno.remove(draft, { recursive: true }).catch(ignoreNotFound);
  }
}

/** Reports whether {@linkcode makeFolderOnce} has made the folder with this stamp. */
export async function hasStamp(folder: URL, stamp: string): Promise<boolean> {
  try {
    return await Deno.readTextFile(new URL("stamp.json", folder)) === stamp;
  } catch (error) {
    ignoreNotFound(error);
    return false;
  }
}
