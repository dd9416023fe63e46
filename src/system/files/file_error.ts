import { CliError } from "../../errors.ts";

/** Why the file system refused. */
export type FileErrorReason =
  | "not_found"
  | "exists"
  | "denied"
  | "full"
  | "read_only"
  | "not_a_file"
  | "not_a_folder"
  | "too_many_open"
  | "unsupported"
  | "not_private"
  | "other";

/** What each reason is called, and what the reader can do about it. */
const REASONS: Readonly<Record<FileErrorReason, { text: string; hint?: string }>> = {
  not_found: { text: "there is no such file or folder" },
  exists: { text: "it exists already" },
  denied: {
    text: "the system denied access",
    hint: "Check who owns it and its permissions, with `ls -ld`.",
  },
  full: { text: "the disk is full", hint: "Make room on the disk, or raise the quota, and try again." },
  read_only: {
    text: "the file system is read-only",
    hint: "Set ENTRA_AUTH_CLI_HOME to a folder that can be written.",
  },
  not_a_file: { text: "it is not a plain file" },
  not_a_folder: {
    text: "a part of the path is not a folder",
    hint: "Check the path, and ENTRA_AUTH_CLI_HOME where it is set.",
  },
  too_many_open: {
    text: "too many files are open",
    hint: "Raise the limit with `ulimit -n`, and try again.",
  },
  unsupported: {
    text: "the file system can't do that",
    hint: "Set ENTRA_AUTH_CLI_HOME to a folder on a local disk.",
  },
  not_private: {
    text: "the file system can't keep it from other users",
    hint: "Choose a folder on a disk with permissions, such as a local one.",
  },
  other: { text: "the system reported an error" },
};

const REASON_OF_CODE: Readonly<Record<string, FileErrorReason>> = {
  ENOENT: "not_found",
  EEXIST: "exists",
  EACCES: "denied",
  EPERM: "denied",
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

/** What the system says for numbers that Deno knows no code for, in Linux's words and in macOS'. */
const REASON_OF_TEXT: readonly (readonly [RegExp, FileErrorReason])[] = [
  [/^Dis[ck] quota exceeded/, "full"],
  [/^Too many open files in system/, "too_many_open"],
  [/^No locks available/, "unsupported"],
  [/^Function not implemented/, "unsupported"],
];

/** The file system refused something. It reads like any `store` error; code that cares looks at `reason`. */
export class FileError extends CliError {
  /** Why. */
  readonly reason: FileErrorReason;
  /** What was asked for. */
  readonly path: string;

  /** `action` continues "Could not": "write /home/me/file". */
  constructor(reason: FileErrorReason, action: string, path: string, cause?: unknown) {
    const { text, hint } = REASONS[reason];
    const detail = reason === "other" && cause instanceof Error ? cause.message : text;
    super("store", `Could not ${action}: ${detail}`, hint === undefined ? { cause } : { hint, cause });
    this.reason = reason;
    this.path = path;
  }
}

/** Turns what a file operation of Deno threw into a {@linkcode FileError}; a {@linkcode CliError} stays as it is. */
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
