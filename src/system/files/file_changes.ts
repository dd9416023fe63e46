import { FileError } from "./file_error.ts";
import { factsOf, type FileFacts } from "./files.ts";

export { renameWithRetry } from "./rename_with_retry.ts";

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** See `Files`. */
export async function create(path: string, data: Uint8Array): Promise<FileFacts> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: FILE_MODE });
  const facts = factsOf(await file.stat());
  // The umask can only have taken bits away: nobody else could open the file before this.
  if (!isPrivate(facts)) await makePrivate(file, path);
  for (let written = 0; written < data.length;) written += await file.write(data.subarray(written));
  await file.sync();
  return facts;
}

/** For the user to read and write, and for nobody else; some file systems let everything be executed. */
function isPrivate({ mode }: FileFacts): boolean {
  return mode === null || (mode & 0o677) === FILE_MODE;
}

/** Sets the mode of a file that is still empty, and looks whether it has it: some file systems only pretend. */
async function makePrivate(file: Deno.FsFile, path: string): Promise<void> {
  await setMode("write", path, FILE_MODE);
  if (!isPrivate(factsOf(await file.stat()))) throw new FileError("not_private", `write ${path}`, path);
}

/** Sets the mode of what was just made. Who may not do that is on a file system that has no modes to set. */
async function setMode(verb: string, path: string, mode: number): Promise<void> {
  try {
    await Deno.chmod(path, mode);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new FileError("not_private", `${verb} ${path}`, path, error);
  }
}

/** See `Files`. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path, { read: true });
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems can't sync a folder, and say so with EINVAL. The rename has been done all the same.
    if (!(error instanceof Error && "code" in error && error.code === "EINVAL")) throw error;
  }
}

/** See `Files`. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true, mode: FOLDER_MODE });
  }
  const { mode } = factsOf(await Deno.lstat(path));
  if (mode !== null && mode !== FOLDER_MODE) await setMode("make", path, FOLDER_MODE);
}
