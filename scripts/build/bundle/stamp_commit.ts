import { fromFileUrl } from "@std/path/from-file-url";

const TOP = fromFileUrl(new URL("../../../", import.meta.url));

/** What `src/cli/program_version.ts` has in the place of the commit. */
const PLACE = '"{COMMIT}"';

/** Puts the commit that is checked out into those of the files that have a place for it; outside of git it leaves them alone. */
export async function stampCommit(paths: readonly string[]): Promise<void> {
  const commit = await currentCommit();
  if (commit === null) return;
  for (const path of paths) {
    const text = await Deno.readTextFile(path);
    if (text.includes(PLACE)) await Deno.writeTextFile(path, text.replace(PLACE, `"${commit}"`));
  }
}

/** The commit that is checked out, `-changed` where files differ from it; null outside of git. */
async function currentCommit(): Promise<string | null> {
  try {
    const commit = await git("rev-parse", "--short=12", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
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
