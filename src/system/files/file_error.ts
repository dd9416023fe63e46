import { CliError } from "../../errors.ts";

export type FileErrorReason =
  | "not_found"
  | "exists"
  | "denied"
  | "full"
  | "over_limit"
  | "read_only"
  | "not_a_file"
  | "not_a_folder"
  | "too_many_open"
  | "unsupported"
  | "too_large"
  | "not_private"
  | "replaced"
  | "foreign"
  | "other";

const REASONS: Readonly<Record<FileErrorReason, { text: string; hint?: string }>> = {
  not_found: { text: "no such file or folder" },
  exists: { text: "it already exists" },
  denied: {
    text: "access denied",
    hint: "Check its owner and permissions with `ls -ld`.",
  },
  full: { text: "the disk is full", hint: "Free disk space, or raise the quota, and try again." },
  over_limit: {
    text: "the file would exceed a size limit",
    hint: "Raise the limit with `ulimit -f`, and try again.",
  },
  read_only: {
    text: "the file system is read-only",
    hint: "Set ENTRA_AUTH_CLI_HOME to a writable folder.",
  },
  not_a_file: { text: "not a regular file" },
  not_a_folder: {
    text: "part of the path is not a folder",
    hint: "Check the path, and ENTRA_AUTH_CLI_HOME if it is set.",
  },
  too_many_open: {
    text: "too many open files",
    hint: "Raise the limit with `ulimit -n`, and try again.",
  },
  unsupported: {
    text: "the file system does not support it",
    hint: "Set ENTRA_AUTH_CLI_HOME to a folder on a local disk.",
  },
  too_large: {
    text: "it is larger than any file that this program writes",
    hint: "Check where it comes from, and move it away.",
  },
  not_private: {
    text: "the file system cannot hide it from other users",
    hint: "Choose a folder on a file system with permissions, such as a local disk.",
  },
  replaced: {
    text: "it was replaced while it was opened",
    hint: "Try again. If it happens again, check who can write to its folder.",
  },
  foreign: { text: "it belongs to another user", hint: "Check where it comes from, and move it away." },
  other: { text: "unknown error" },
};

const REASON_OF_CODE: Readonly<Record<string, FileErrorReason>> = {
  ENOENT: "not_found",
  EEXIST: "exists",
  EACCES: "denied",
  EPERM: "denied",
  EFBIG: "over_limit",
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "read_only",
  EISDIR: "not_a_file",
  ENOTDIR: "not_a_folder",
  ELOOP: "not_a_file",
  EMFILE: "too_many_open",
  ENFILE: "too_many_open",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  ENOSYS: "unsupported",
  ENOLCK: "unsupported",
};

/** The messages of Linux and macOS for errors to which Deno gives no code. */
const REASON_OF_TEXT: readonly (readonly [RegExp, FileErrorReason])[] = [
  [/^Dis[ck] quota exceeded/, "full"],
  [/^File too large/, "over_limit"],
  [/^Too many open files in system/, "too_many_open"],
  [/^No locks available/, "unsupported"],
  [/^Function not implemented/, "unsupported"],
];

/** A `store` error of the file system. Callers branch on `reason`. */
export class FileError extends CliError {
  readonly reason: FileErrorReason;
  readonly path: string;

  /** `action` completes "Could not …": "write /home/me/file". */
  constructor(reason: FileErrorReason, action: string, path: string, cause?: unknown) {
    const { text, hint } = REASONS[reason];
    const detail = reason === "other" && cause instanceof Error ? cause.message : text;
    super("store", `Could not ${action}: ${detail}`, { hint, cause });
    this.reason = reason;
    this.path = path;
  }
}

/** Another process holds a lock for too long. */
export class LockedError extends CliError {
  constructor(path: string, holder: string | undefined) {
    super("store", `${path} is locked by another process${holder ? ` (pid ${holder})` : ""}`, {
      hint: "Wait for it to finish, or stop it, and try again.",
    });
  }
}

/** Converts an error of a Deno file operation to a {@linkcode FileError}. A {@linkcode CliError} passes through. */
export function fileError(error: unknown, action: string, path: string): CliError {
  return error instanceof CliError ? error : new FileError(reasonOf(error), action, path, error);
}

function reasonOf(error: unknown): FileErrorReason {
  if (!(error instanceof Error)) return "other";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const reason = REASON_OF_CODE[code];
  if (reason !== undefined) return reason;
  if (error instanceof Deno.errors.NotFound) return "not_found";
  if (error instanceof Deno.errors.AlreadyExists) return "exists";
  if (error instanceof Deno.errors.PermissionDenied) return "denied";
  if (error instanceof Deno.errors.NotSupported) return "unsupported";
  return REASON_OF_TEXT.find(([text]) => text.test(error.message))?.[1] ?? "other";
}
