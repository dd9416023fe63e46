import { CliError } from "../../errors.ts";
import { shellWord } from "../../text/shell_word.ts";
import { FileError } from "./file_error.ts";
import type { FileFacts, Files } from "./files.ts";
import { systemPath } from "../path.ts";

/**
 * How strict reading is about the permission bits of a file:
 * - `private`: for the user alone; wider bits are taken away, with a notice.
 * - `secret`: for the user alone; wider bits are an error, for who could read it may have its content.
 * - `readable`: others may look but not write; wider bits are taken away, with a notice.
 */
export type PermissionPolicy = "private" | "secret" | "readable";

/** What repairs modes, and who is told. */
export interface Guard {
  /** The file system. */
  readonly files: Files;
  /** Told what was repaired, in one sentence. */
  readonly notice: (message: string) => void;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const FOREIGN_BITS: Readonly<Record<PermissionPolicy, number>> = {
  private: 0o077,
  secret: 0o077,
  readable: 0o022,
};

/** Makes the folder `path` where it is missing, and gives the facts about it. @throws {CliError} What {@linkcode checkOwnFolder} throws. */
export async function ensureFolder(guard: Guard, path: string): Promise<FileFacts> {
  let facts = await guard.files.lstat(path);
  if (facts === null) {
    await guard.files.makeFolder(path);
    facts = await guard.files.lstat(path);
  }
  if (facts === null) throw notPrivate(path, "disappeared while it was used", "Try again.");
  await checkOwnFolder(guard, path, facts);
  return facts;
}

/**
 * Closes the folder `path`, which has these facts, to other users.
 *
 * @throws {CliError} `store` for what is no folder, holds other programs' files too, or can't be closed; `permission`.
 */
export async function checkOwnFolder(
  { files, notice }: Guard,
  path: string,
  facts: FileFacts,
): Promise<void> {
  if (facts.kind !== "folder") throw wrongKind(path, facts, "a folder");
  if (facts.mode === null || (facts.mode & 0o077) === 0) return;
  await refuseSharedFolder(files, path, facts.mode);
  await repair(files, path, facts.mode, FOLDER_MODE);
  notice(`${path} was open to other users (mode ${octal(facts.mode)}); it is now for you alone (0700)`);
}

/** What this program puts into its folder and the folders in it, drafts and files moved aside included. */
const OWN_NAMES =
  /^\.?((profiles|throttle)\.(json|lock)|tokens\.(enc|lock)|key|locks|[0-9a-f]+(\.sign-in)?\.(lock|json))([.~]|$)/;

/** A folder that holds other things too, such as `/` or a home, is not this program's to close to everybody else. */
async function refuseSharedFolder(files: Files, path: string, mode: number): Promise<void> {
  const foreign = (await files.list(path)).find((name) => !OWN_NAMES.test(name));
  if (foreign === undefined) return;
  throw notPrivate(
    path,
    `is open to other users (mode ${octal(mode)}) and holds other files, such as ${foreign}`,
    `Give the tokens a folder of their own: ENTRA_AUTH_CLI_HOME=${
      shellWord(systemPath.join(path, "entra-auth-cli"))
    }`,
  );
}

/**
 * Closes the file `path`, which has these facts, to other users, as strictly as is wanted.
 *
 * @param folderOwner User id of who has the folder; null where that isn't known.
 * @throws {CliError} `store` for what is no file, is somebody else's, can't be closed, or was a secret; `permission`.
 */
export async function checkOwnFile(
  { files, notice }: Guard,
  path: string,
  facts: FileFacts,
  folderOwner: number | null,
  strictness: PermissionPolicy,
): Promise<void> {
  if (facts.kind !== "file") throw wrongKind(path, facts, "a file");
  if (facts.uid !== null && folderOwner !== null && facts.uid !== folderOwner) {
    throw notPrivate(path, "belongs to another user", "Check who put it there, and move it away.");
  }
  if (facts.mode === null || (facts.mode & FOREIGN_BITS[strictness]) === 0) return;
  if (strictness === "secret") {
    throw notPrivate(
      path,
      `can be used by other users (mode ${octal(facts.mode)}), so it is no secret any more`,
      `If nobody else had access: chmod 600 ${shellWord(path)}. Otherwise remove it, and sign in again.`,
    );
  }
  await repair(files, path, facts.mode, FILE_MODE);
  notice(`${path} was open to other users (mode ${octal(facts.mode)}); it is now for you alone (0600)`);
}

/** Takes the bits away, and looks whether they are gone: some file systems only pretend. */
async function repair(files: Files, path: string, oldMode: number, mode: number): Promise<void> {
  try {
    await files.chmod(path, mode);
  } catch (error) {
    if (!(error instanceof FileError) || error.reason !== "denied") throw error;
    throw notPrivate(
      path,
      `is open to other users (mode ${octal(oldMode)}), and the system doesn't let you change that`,
      "Set ENTRA_AUTH_CLI_HOME to a folder of your own on a local disk.",
    );
  }
  const facts = await files.lstat(path);
  if (facts === null || facts.mode === null || (facts.mode & 0o077) === 0) return;
  throw notPrivate(
    path,
    `is open to other users (mode ${octal(oldMode)}) and the file system doesn't let that change`,
    "Set ENTRA_AUTH_CLI_HOME to a folder on a local disk.",
  );
}

const KIND_NAMES: Readonly<Record<FileFacts["kind"], string>> = {
  file: "a file",
  folder: "a folder",
  symlink: "a symbolic link",
  other: "a special file",
};

function wrongKind(path: string, { kind }: FileFacts, wanted: string): CliError {
  return notPrivate(
    path,
    `is ${KIND_NAMES[kind]}, not ${wanted}`,
    `Move it away: mv ${shellWord(path)} ${shellWord(`${path}.old`)}`,
  );
}

function notPrivate(path: string, what: string, hint: string): CliError {
  return new CliError("store", `${path} ${what}`, { hint });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
