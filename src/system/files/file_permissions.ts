import { CliError } from "../../errors.ts";
import { shellWord } from "../../text/shell_word.ts";
import { systemPath } from "../path.ts";
import { FileError } from "./file_error.ts";
import type { FileFacts, Files } from "./files.ts";

/**
 * How to treat a file that other users have access to:
 * - `private`: only the user may read or write it; other permission bits are removed, with a notice.
 * - `secret`: only the user may read or write it; other permission bits are an error, since its content may be known.
 * - `readable`: other users may read but not write it; write bits are removed, with a notice.
 */
export type PermissionPolicy = "private" | "secret" | "readable";

export interface PermissionContext {
  readonly files: Files;
  /** Reports a repaired mode in one sentence. */
  readonly notice: (message: string) => void;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const FORBIDDEN_BITS: Readonly<Record<PermissionPolicy, number>> = {
  private: 0o077,
  secret: 0o077,
  readable: 0o022,
};

/**
 * Creates the folder `path` if it is missing, and returns its metadata.
 *
 * @throws {CliError} What {@linkcode checkOwnFolder} throws.
 */
export async function ensureFolder(context: PermissionContext, path: string): Promise<FileFacts> {
  let facts = await context.files.lstat(path);
  if (facts === null) {
    await context.files.makeFolder(path);
    facts = await context.files.lstat(path);
  }
  if (facts === null) throw notPrivate(path, "disappeared while in use", "Try again.");
  await checkOwnFolder(context, path, facts);
  return facts;
}

/**
 * Checks that `path` with the metadata `facts` is a folder of the current user, before anything in it is read, locked or
 * changed. Root is no exception: what root creates in the folder of another user locks that user out.
 *
 * @throws {CliError} `store` if not; `permission`.
 */
export function assertOwnFolder(files: Files, path: string, facts: FileFacts): void {
  if (facts.kind !== "folder") throw wrongKind(path, facts, "a folder");
  const userId = files.userId();
  if (facts.uid !== null && facts.uid !== userId) throw foreignFolder(path, facts.uid, userId);
}

/**
 * Checks that no other user can replace the folder `path`, which may not exist yet: its parent must belong to the current
 * user or to root, and others may write to it only if it has the sticky bit. The check is skipped if Deno may not read the
 * parent.
 *
 * @throws {CliError} `store`
 */
export async function assertSafeParent(files: Files, path: string): Promise<void> {
  const parent = systemPath.dirname(path);
  const facts = await followedFacts(files, parent);
  if (facts === "not-permitted") return;
  if (facts === null) return parent === path ? undefined : await assertSafeParent(files, parent);
  const { uid, gid, mode, isSticky } = facts;
  if (uid === null || mode === null) return;
  const userId = files.userId();
  if (uid !== ROOT && uid !== userId) throw foreignFolder(parent, uid, userId);
  // The private group of a user has the number of the user, where there is one.
  const isGroupTrusted = gid === ROOT || gid === uid;
  const othersBits = isGroupTrusted ? 0o002 : 0o022;
  if (isSticky || (mode & othersBits) === 0) return;
  throw notPrivate(
    path,
    `can be replaced by other users, who may write to ${parent} (mode ${octal(mode)})`,
    `chmod go-w ${shellWord(parent)}, or set ENTRA_AUTH_CLI_HOME to a folder elsewhere.`,
  );
}

/**
 * Returns what {@linkcode assertSafeParent} looks at, by path: the metadata of the parent of `path`, and while that does not
 * exist, of the parent above it. Symbolic links are followed. A folder that cannot be inspected is left out.
 */
export async function inspectParents(
  files: Pick<Files, "lstat" | "realPath">,
  path: string,
): Promise<Record<string, FileFacts | null>> {
  const parents: Record<string, FileFacts | null> = {};
  let child = path;
  let parent = systemPath.dirname(path);
  try {
    while (parent !== child) {
      const facts = await followedFacts(files, parent);
      if (facts === "not-permitted") break;
      parents[parent] = facts;
      if (facts !== null) break;
      [child, parent] = [parent, systemPath.dirname(parent)];
    }
  } catch (error) {
    // The command reports it: it cannot reach its folder either.
    if (!(error instanceof CliError)) throw error;
  }
  return parents;
}

const ROOT = 0;

async function followedFacts(
  files: Pick<Files, "lstat" | "realPath">,
  path: string,
): Promise<FileFacts | null | "not-permitted"> {
  try {
    const facts = await files.lstat(path);
    if (facts?.kind !== "symlink") return facts;
    const target = await files.realPath(path);
    return target === null ? null : await files.lstat(target);
  } catch (error) {
    if (error instanceof CliError && error.code === "permission") return "not-permitted";
    throw error;
  }
}

function foreignFolder(path: string, owner: number, userId: number | null): CliError {
  return notPrivate(
    path,
    `belongs to another user (uid ${owner})`,
    userId === ROOT
      ? "sudo -H entra-auth-cli … uses the folder of root. Or run it without sudo, or set ENTRA_AUTH_CLI_HOME to a folder " +
        "of root."
      : "Set ENTRA_AUTH_CLI_HOME to a folder of your own.",
  );
}

/**
 * Closes the folder `path` with the metadata `facts` to other users.
 *
 * @throws {CliError} `store` if it is not a folder of the current user, contains files of other programs, or cannot be
 *   closed; `permission`.
 */
export async function checkOwnFolder(
  { files, notice }: PermissionContext,
  path: string,
  facts: FileFacts,
): Promise<void> {
  assertOwnFolder(files, path, facts);
  if (facts.mode === null || (facts.mode & 0o077) === 0) return;
  await rejectSharedFolder(files, path, facts.mode);
  await repair(files, path, facts.mode, FOLDER_MODE);
  notice(`${path} was open to other users (mode ${octal(facts.mode)}); its mode is now 0700`);
}

/** The names that this program creates in its folder and subfolders, including temporary and set-aside files. */
const OWN_NAMES =
  /^\.?((profiles|throttle)\.(json|lock)|tokens\.(enc|lock)|key|locks|[0-9a-f]+(\.sign-in)?\.(lock|json))([.~]|$)/;

/** Returns whether this program uses the file `name` in its folder. Case is ignored, as some file systems do. */
export function isOwnName(name: string): boolean {
  return OWN_NAMES.test(name.toLowerCase());
}

/** Rejects a folder with files of other programs, such as `/` or a home directory: closing it would break them. */
async function rejectSharedFolder(files: Files, path: string, mode: number): Promise<void> {
  const foreign = (await files.list(path)).find((name) => !OWN_NAMES.test(name));
  if (foreign === undefined) return;
  throw notPrivate(
    path,
    `is open to other users (mode ${octal(mode)}) and contains files of other programs, such as ${foreign}`,
    `Set ENTRA_AUTH_CLI_HOME=${shellWord(systemPath.join(path, "entra-auth-cli"))} to use a separate folder.`,
  );
}

/**
 * Closes the file `path` with the metadata `facts` to other users, as `policy` requires.
 *
 * @param folderOwner The user ID of the owner of the folder; null if unknown.
 * @throws {CliError} `store` if it is not a file, belongs to another user, cannot be closed, or was a secret;
 *   `permission`.
 */
export async function checkOwnFile(
  { files, notice }: PermissionContext,
  path: string,
  facts: FileFacts,
  folderOwner: number | null,
  policy: PermissionPolicy,
): Promise<void> {
  if (facts.kind !== "file") throw wrongKind(path, facts, "a file");
  if (facts.uid !== null && folderOwner !== null && facts.uid !== folderOwner) {
    throw notPrivate(path, "belongs to another user", "Check where it comes from, and move it away.");
  }
  if (facts.mode === null || (facts.mode & FORBIDDEN_BITS[policy]) === 0) return;
  if (policy === "secret") {
    throw notPrivate(
      path,
      `is open to other users (mode ${octal(facts.mode)}), so its content may be known`,
      `chmod 600 ${shellWord(path)}, if no one else had access. Otherwise remove it, and sign in again.`,
    );
  }
  await repair(files, path, facts.mode, FILE_MODE);
  notice(`${path} was open to other users (mode ${octal(facts.mode)}); its mode is now 0600`);
}

/** Sets the mode, and verifies it: some file systems ignore modes. */
async function repair(files: Files, path: string, oldMode: number, mode: number): Promise<void> {
  const isOpen = `is open to other users (mode ${octal(oldMode)}), and`;
  try {
    await files.chmod(path, mode);
  } catch (error) {
    if (!(error instanceof FileError) || error.reason !== "denied") throw error;
    throw notPrivate(
      path,
      `${isOpen} the system does not let you change that`,
      "Set ENTRA_AUTH_CLI_HOME to a folder of your own on a local disk.",
    );
  }
  const facts = await files.lstat(path);
  if (facts === null || facts.mode === null || (facts.mode & 0o077) === 0) return;
  throw notPrivate(
    path,
    `${isOpen} its file system ignores changes to the mode`,
    "Set ENTRA_AUTH_CLI_HOME to a folder on a local disk.",
  );
}

const KIND_NAMES: Readonly<Record<FileFacts["kind"], string>> = {
  file: "a file",
  folder: "a folder",
  symlink: "a symbolic link",
  other: "a special file",
};

function wrongKind(path: string, { kind }: FileFacts, expected: string): CliError {
  return notPrivate(
    path,
    `is ${KIND_NAMES[kind]}, not ${expected}`,
    `mv ${shellWord(path)} ${shellWord(`${path}.old`)} moves it away.`,
  );
}

function notPrivate(path: string, problem: string, hint: string): CliError {
  return new CliError("store", `${path} ${problem}`, { hint });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
