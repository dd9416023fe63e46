import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";

/** A program that the program started. */
export interface StartedProgram {
  /** The arguments of the program that started it. */
  readonly by: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
  /** The variables that were added or replaced. */
  readonly env: Readonly<Record<string, string>>;
}

/** Records what the program starts, however briefly it runs. */
export interface StartRecord extends AsyncDisposable {
  /** The URL of a module that the program must load first. */
  readonly recorder: string;
  /** Returns the arguments of each run of the program, and the programs that it started. */
  read(): Promise<{ runs: (readonly string[])[]; started: StartedProgram[] }>;
}

/**
 * Opens a record of everything that the program starts. A preloaded module writes it at the one place where Deno
 * starts programs: the process list of the system would miss short ones, and tracing each run would take longer than
 * the run.
 */
export async function openStartRecord(): Promise<StartRecord> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-started-" });
  const record = join(folder, "record");
  const recorder = join(folder, "recorder.js");
  // Created here, since the program may run under any umask.
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

/** Runs inside the program from its source text, so it cannot use anything of this module. */
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
