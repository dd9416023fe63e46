import type { Environment } from "../environment.ts";
import { FileError } from "../files/file_error.ts";
import type { Files } from "../files/files.ts";
import type { Os } from "../os.ts";
import { pathRules } from "../path.ts";

/** What {@linkcode isInstalled} needs. */
export interface ProgramSearch {
  /** Where `PATH` is looked up. */
  readonly env: Environment;
  /** The file system. */
  readonly files: Pick<Files, "lstat">;
  /** How paths and programs are named. */
  readonly os: Os;
}

/** Whether there is a program called `command`: a file, where that is a path, else one in a folder of `PATH`. @throws {CliError} `permission` */
export async function isInstalled(command: string, { env, files, os }: ProgramSearch): Promise<boolean> {
  const { join } = pathRules(os);
  const isPath = os === "windows" ? /[/\\]/.test(command) : command.includes("/");
  const folders = (env.get("PATH") ?? "").split(os === "windows" ? ";" : ":").filter((folder) =>
    folder !== ""
  );
  const paths = isPath ? [command] : folders.map((folder) => join(folder, command));
  const endings = os === "windows" && !/\.\w+$/.test(command) ? [".exe", ".com"] : [""];
  for (const path of paths) {
    for (const ending of endings) {
      if (await isProgram(path + ending, files)) return true;
    }
  }
  return false;
}

async function isProgram(path: string, files: Pick<Files, "lstat">): Promise<boolean> {
  try {
    const facts = await files.lstat(path);
    if (facts === null || facts.kind === "folder") return false;
    return facts.mode === null || (facts.mode & 0o111) !== 0;
  } catch (error) {
    // A folder of PATH may be anything, also one that the user may not look into.
    if (error instanceof FileError) return false;
    throw error;
  }
}
