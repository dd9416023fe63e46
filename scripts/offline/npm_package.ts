/**
 * Takes a pinned package from npm without installing it: `npm pack`, judge the integrity, unpack with `tar`.
 * Without any dependency, so that it runs before anything else is there.
 */

/** A package on npm, with the integrity that npm published for it. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/** The ignored folder that holds what these scripts make. */
export const DEV_FOLDER: URL = new URL("../../.dev/", import.meta.url);

/** Tells the person at the terminal what a script is doing, one line on standard error. */
export function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`dev: ${line}\n`));
}

/** For `.catch()` where a missing file is as good as a removed one. */
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
 * Unpacks a package into the new folder `name` below `parent`: all of it, or only `members` (files and folders).
 * Throws an `Error` where npm or tar fail, or where the integrity is another one than pinned.
 */
export async function unpackFromNpm(
  pinned: PinnedPackage,
  parent: URL,
  name: string,
  members: readonly string[] = [],
): Promise<void> {
  const spec = `${pinned.name}@${pinned.version}`;
  say(`taking ${spec} from npm`);
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  const tarball = (await run(npm, ["pack", spec, "--silent"], parent)).split("\n").at(-1)?.trim() ?? "";
  const found = await integrityOf(new URL(tarball, parent));
  if (found !== pinned.integrity) {
    throw new Error(`Cannot use ${spec}: found integrity ${found}, wanted ${pinned.integrity}`);
  }
  await Deno.mkdir(new URL(`${name}/`, parent));
  const paths = members.length === 0 ? ["package"] : members.map((member) => `package/${member}`);
  // Relative names, since some builds of tar take the colon of a Windows drive for a host.
  await run("tar", ["-xzf", tarball, "-C", name, "--strip-components=1", ...paths], parent);
  await Deno.remove(new URL(tarball, parent));
}

/**
 * Has `make` fill a draft folder, then moves it to `folder` in one step, so that a run that is cut short or another one
 * beside it never sees half of it. Nothing is done where the folder carries this `stamp` already.
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
    // Another run may have made it meanwhile: what it made is the same.
    if (await hasStamp(folder, stamp)) return;
    await Deno.remove(folder, { recursive: true }).catch(ignoreNotFound);
    await Deno.rename(draft, folder);
  } finally {
    await Deno.remove(draft, { recursive: true }).catch(ignoreNotFound);
  }
}

async function hasStamp(folder: URL, stamp: string): Promise<boolean> {
  try {
    return await Deno.readTextFile(new URL("stamp.json", folder)) === stamp;
  } catch (error) {
    ignoreNotFound(error);
    return false;
  }
}
