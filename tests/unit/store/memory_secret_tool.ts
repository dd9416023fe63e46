import type { Processes, RunOptions, RunResult } from "../../../src/system/processes.ts";

/** A secret-tool whose Secret Service is in memory, for tests that need no more of it than items by their attributes. */
export class MemorySecretTool implements Pick<Processes, "run"> {
  /** The secrets, by the attributes that they were stored with. */
  readonly items = new Map<string, string>();
  /** Whether the keyring shows that it has items, and not what is in them. */
  isLocked = false;

  run(command: string, args: readonly string[], { input = "" }: RunOptions): Promise<RunResult> {
    if (command !== "secret-tool") return Promise.resolve({ kind: "not-found" });
    const [action, ...words] = args;
    const attributes = words.filter((word) => !word.startsWith("--")).join(" ");
    if (action === "store" && !this.isLocked) this.items.set(attributes, input);
    if (action === "clear" && !this.isLocked) this.items.delete(attributes);
    const stdout = action === "search" ? this.#show(attributes) : "";
    return Promise.resolve({ kind: "ended", code: 0, stdout, stderr: "" });
  }

  #show(attributes: string): string {
    const secret = this.items.get(attributes);
    if (secret === undefined) return "";
    return `[/org/freedesktop/secrets/collection/login/1]\n${this.isLocked ? "" : `secret = ${secret}\n`}`;
  }
}
