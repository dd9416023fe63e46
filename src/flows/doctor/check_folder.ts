import { fail, type Finding, ok, warn } from "./finding.ts";

/** What is known about the program's folder. */
export interface FolderFacts {
  /** Its path. */
  readonly path: string;
  /** Whether a lock keeps others out, or its file system only pretends; busy where another process has it. */
  readonly locks: "work" | "ignored" | "busy";
}

/** Whether the folder can be written, and keeps processes out of each other's way. */
export function checkFolder({ path, locks }: FolderFacts): Finding {
  switch (locks) {
    case "work":
      return ok("folder", `${path}, can be written and locked`);
    case "busy":
      return warn("folder", `${path} is locked by another process`, "Look again when it is done.");
    case "ignored":
      return fail(
        "folder",
        `${path} can be written, but its file system ignores locks, so processes can undo each other's work`,
        "Set ENTRA_AUTH_CLI_HOME to a folder on a local disk.",
      );
  }
}
