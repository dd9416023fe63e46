import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";

/** A program that the program started. */
export interface StartedProgram {
  /** The arguments of the program that started it. */
  readonly by: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
  /** The variables that it got besides those that it inherited, or in place of them. */
  readonly env: Readonly<Record<string, string>>;
}

/** Keeps what the program starts, however short it lives. */
export interface StartRecord extends AsyncDisposable {
  /** The URL of a module that the program has to load first. */
  readonly recorder: string;
  /** The arguments of the program each time it was itself started, and what it started, so far. */
  read(): Promise<{ runs: (readonly string[])[]; started: StartedProgram[] }>;
}

/**
 * Opens a record of all that the program starts. A module that it loads first writes it down at the one place where
 * Deno starts programs: to look at the system's list of processes would miss most of them, and to have each run watched
 * by the system would take longer than the run.
 */
export async function openStartRecord(): Promise<StartRecord> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-started-" });
  const record = join(folder, "record");
  const recorder = join(folder, "recorder.js");
  // Made here, for the program may run under any umask.
  await Deno.writeTextFile(record, "");
  await Deno.writeTextFile(recorder, `(${recordStarts})(${JSON.stringify(record)});\n`);
  return {
    recorder: toFileUrl(recorder).href,
    async read() {
      const lines = (await Deno.readTextFile(record)).split("\n").filter(Boolean);
      const entries: (StartedProgram | { run: string[] })[] = lines.map((line) => JSON.parse(line));
      return {
        runs: entries.flatMap((entry) => "run" in entry ? [entry.run] : []),
        started: entries.flatMap((entry) => "run" in entry ? [] : [entry]),
      };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Runs inside the program, from its text: it can use nothing of this module. */
function recordStarts(record: string): void {
  const Command = Deno.Command;
  const write = (entry: unknown) =>
    Deno.writeTextFileSync(record, `${JSON.stringify(entry)}\n`, { append: true });
  write({ run: Deno.args });
  Deno.Command = class extends Command {
    constructor(command: string | URL, options: Deno.CommandOptions = {}) {
      write({ by: Deno.args, command: String(command), args: options.args ?? [], env: options.env ?? {} });
      super(command, options);
    }
  };
}
