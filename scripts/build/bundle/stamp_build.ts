import { fromFileUrl } from "@std/path/from-file-url";
import { usesStandIns } from "./import_map.ts";

const TOP = fromFileUrl(new URL("../../../", import.meta.url));

/** Stands for the build in `src/cli/program_version.ts`. */
const PLACE = '"{BUILD}"';

/** Puts the build into those of the files that have a place for it. */
export async function stampBuild(paths: readonly string[]): Promise<void> {
  const build = await currentBuild();
  if (build === "") return;
  for (const path of paths) {
    const text = await Deno.readTextFile(path);
    if (text.includes(PLACE)) await Deno.writeTextFile(path, text.replace(PLACE, `"${build}"`));
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
