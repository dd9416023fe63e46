import { fromFileUrl } from "@std/path/from-file-url";
import { usesStandIns } from "./import_map.ts";

const TOP = fromFileUrl(new URL("../../../", import.meta.url));

/** Stand for the build and the repository in `src/cli/program_version.ts`. */
const PLACES = { build: '"{BUILD}"', repository: '"{REPOSITORY}"' } as const;

/**
 * Puts the build, and the repository of a release, into those of the files that have a place for them.
 *
 * @param repository The OWNER/NAME on GitHub, for the links in the help.
 */
export async function stampBuild(paths: readonly string[], repository = ""): Promise<void> {
  const values = { build: await currentBuild(), repository };
  for (const path of paths) {
    const text = await Deno.readTextFile(path);
    const stamped = (["build", "repository"] as const).filter((name) => values[name] !== "")
      .reduce((before, name) => before.replace(PLACES[name], JSON.stringify(values[name])), text);
    if (stamped !== text) await Deno.writeTextFile(path, stamped);
  }
}

/**
 * Returns what `--version` says of a build: the commit that is checked out, `-changed` if files differ from it, after
 * `dev` if the build has stand-ins for the JSR packages. Outside of git there is no commit.
 */
export async function currentBuild(): Promise<string> {
  const commit = await currentCommit();
  return [...(await usesStandIns() ? ["dev"] : []), ...(commit === null ? [] : [commit])].join(" ");
}

/** The lock is left out: Deno refuses what differs from it, so a changed one is seen when it is committed. */
async function currentCommit(): Promise<string | null> {
  try {
    const commit = await git("rev-parse", "--short=12", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no", "--", ":(exclude)deno.lock");
    return commit === null ? null : `${commit}${changes === "" ? "" : "-changed"}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function git(...args: readonly string[]): Promise<string | null> {
  const command = new Deno.Command("git", { args: [...args], cwd: TOP, stderr: "null" });
  const { success, stdout } = await command.output();
  return success ? new TextDecoder().decode(stdout).trim() : null;
}
