import { CliError } from "../errors.ts";
import { FileError } from "../system/files/file_error.ts";
import type { Files } from "../system/files/files.ts";
import type { Os } from "../system/os.ts";
import { pathRules } from "../system/path.ts";

/** The programs that `install-shims` writes, with the command of this program that each of them calls. */
const SHIMS = [
  ["az", "az"],
  ["azd", "azd"],
  ["docker-credential-entra-auth-cli", "docker-credential"],
] as const;

/** What the shims call. */
export interface ShimTarget {
  /** Absolute path of this program. */
  readonly program: string;
  /** The profile whose tokens the shims return; undefined for the default one. */
  readonly profile: string | undefined;
}

export interface ShimDependencies {
  readonly os: Os;
  /** Opens the folder for reading and writing. */
  readonly openShimFolder: (path: string) => Promise<ShimFiles>;
}

export type ShimFiles = Pick<Files, "lstat" | "read" | "create" | "chmod" | "remove" | "makeFolder">;

/** What happened to a file. */
export interface ShimChange {
  readonly path: string;
  /** `kept` for a file of another program. */
  readonly kind: "written" | "removed" | "kept";
}

/**
 * Writes the shims into the folder `folder`, which is made if it is missing. Replaces its own shims, and nothing if one of
 * the names belongs to another file.
 *
 * @throws {CliError} `usage` for a file of another program, or a path that no script can contain; `store` or `permission`.
 */
export async function installShims(
  folder: string,
  target: ShimTarget,
  { os, openShimFolder }: ShimDependencies,
): Promise<ShimChange[]> {
  const fileSystem = await openShimFolder(folder);
  const shims = SHIMS.map(([name, command]) => ({
    path: shimPath(folder, name, os),
    text: shimText(command, target, os),
  }));
  const owners = await Promise.all(shims.map(({ path }) => ownerOf(path, fileSystem)));
  const foreign = shims.find((_, index) => owners[index] === "other");
  if (foreign !== undefined) throw alreadyExists(foreign.path);
  await fileSystem.makeFolder(folder);
  for (const [index, { path, text }] of shims.entries()) {
    if (owners[index] === "shim") await fileSystem.remove(path);
    await create(path, text, os, fileSystem);
  }
  return shims.map(({ path }) => ({ path, kind: "written" }));
}

/** Removes the shims from `folder`, and leaves files of other programs. @throws {CliError} `store` or `permission`. */
export async function removeShims(
  folder: string,
  { os, openShimFolder }: ShimDependencies,
): Promise<ShimChange[]> {
  const fileSystem = await openShimFolder(folder);
  const changes: ShimChange[] = [];
  for (const [name] of SHIMS) {
    const path = shimPath(folder, name, os);
    const owner = await ownerOf(path, fileSystem);
    if (owner === "shim") await fileSystem.remove(path);
    if (owner !== "nobody") changes.push({ path, kind: owner === "shim" ? "removed" : "kept" });
  }
  return changes;
}

/** The line by which a shim is recognized. */
const MARK = "Written by entra-auth-cli install-shims.";

/** A shim is shorter. */
const MAX_SHIM_BYTES = 16_384;

/** Reports whether the file `path` is a shim. @throws {CliError} `permission`, or `store` if the file cannot be read. */
export async function isShim(path: string, files: Pick<Files, "read">): Promise<boolean> {
  const text = new TextDecoder().decode(await files.read(path, MAX_SHIM_BYTES));
  return text.startsWith(`#!/bin/sh\n# ${MARK}\n`) || text.startsWith(`@rem ${MARK}\r\n`);
}

async function ownerOf(path: string, files: ShimFiles): Promise<"shim" | "other" | "nobody"> {
  const facts = await files.lstat(path);
  if (facts === null) return "nobody";
  // A link may lead to a shim elsewhere, but it is not one that this command wrote.
  return facts.kind === "file" && await isShim(path, files) ? "shim" : "other";
}

async function create(path: string, text: string, os: Os, files: ShimFiles): Promise<void> {
  try {
    await files.create(path, new TextEncoder().encode(text));
  } catch (error) {
    if (error instanceof FileError && error.reason === "exists") throw alreadyExists(path);
    throw error;
  }
  if (os !== "windows") await files.chmod(path, 0o755);
}

function alreadyExists(path: string): CliError {
  return new CliError(
    "usage",
    `Could not write ${path}: it already exists and is not a shim of this program`,
    {
      hint: "Choose another folder, and put it before the other one in PATH.",
    },
  );
}

function shimPath(folder: string, name: string, os: Os): string {
  return pathRules(os).join(folder, os === "windows" ? `${name}.cmd` : name);
}

function shimText(command: string, { program, profile }: ShimTarget, os: Os): string {
  const words = [program, command, ...profile === undefined ? [] : ["--profile", profile]];
  if (words.some((word) => /[\0\r\n]/.test(word) || (os === "windows" && word.includes('"')))) {
    throw new CliError("usage", `Invalid program ${JSON.stringify(program)}: expected a path on one line`);
  }
  if (os === "windows") {
    const line = words.map((word) => `"${word.replaceAll("%", "%%")}"`).join(" ");
    return `@rem ${MARK}\r\n@${line} %*\r\n`;
  }
  const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return `#!/bin/sh\n# ${MARK}\nexec ${line} "$@"\n`;
}
