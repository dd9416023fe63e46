import { join } from "@std/path/join";
import type { SecretKind } from "./provider/secrets_on_the_wire.ts";

/** Something that the program put out, and what it may have in it. */
interface Output {
  /** Where it was, for a test's message. */
  readonly where: string;
  readonly text: string;
  readonly allowed: readonly SecretKind[];
}

/** Data that somebody asked for may be an access token; nothing else ever leaves the program but to the authority. */
const ASKED_FOR: readonly SecretKind[] = ["access token"];

const LARGEST_FILE = 1024 * 1024;

/** Keeps what the program puts out in a test, to look for secrets in all of it at the end. */
export class SecretWatch {
  readonly #secrets: ReadonlyMap<string, SecretKind>;
  readonly #outputs: Output[] = [];

  /** `secrets` may grow until the end. */
  constructor(secrets: ReadonlyMap<string, SecretKind>) {
    this.#secrets = secrets;
  }

  /** Takes note of what a run of the program printed. */
  note(args: readonly string[], { stdout, stderr }: { stdout: string; stderr: string }): void {
    const command = args.find((arg) => !arg.startsWith("-")) ?? "the program";
    this.#outputs.push({ where: `stdout of ${command}`, text: stdout, allowed: ASKED_FOR });
    this.#outputs.push({ where: `stderr of ${command}`, text: stderr, allowed: [] });
  }

  /**
   * Looks through all that was printed, and through the files in `home`, which is the program's own folder, and in
   * `folder` around it. Throws an `Error` that names what leaked where, and doesn't show it.
   */
  async assertNothingLeaked(home: string, folder: string): Promise<void> {
    const outputs = [...this.#outputs];
    for await (const path of filesIn(folder)) {
      const text = await Deno.readTextFile(path);
      const allowed = path.startsWith(home) ? [] : ASKED_FOR;
      outputs.push({ where: path, text, allowed });
    }
    const leaks = new Set<string>();
    for (const { where, text, allowed } of outputs) {
      for (const [secret, kind] of this.#secrets) {
        if (!allowed.includes(kind) && text.includes(secret)) leaks.add(`${kind} in ${where}`);
      }
    }
    if (leaks.size > 0) throw new Error(`A secret leaked: ${[...leaks].join(", ")}`);
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesIn(path);
    else if (entry.isFile && (await Deno.stat(path)).size <= LARGEST_FILE) yield path;
  }
}
