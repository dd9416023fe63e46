/** A program that was started under a trace, directly or by another program. */
export interface TracedProgram {
  readonly path: string;
  /** The command line, with the name of the program first. */
  readonly commandLine: readonly string[];
  /** All variables. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Whether started programs cannot be traced here. That requires Linux, `strace` and the permission to use it. */
export const hasNoTrace: boolean = !canTrace();

/**
 * Returns the command prefix that traces every started program with its arguments and variables into `file`. The
 * command keeps its PID and its terminal.
 */
export function traceCommand(file: string): string[] {
  const everyStart = ["-f", "--seccomp-bpf", "-e", "trace=execve", "-e", "signal=none"];
  return ["strace", "-DDD", "-qq", ...everyStart, "-v", "-s", "1000000", "-o", file];
}

/** Returns the started programs in order, including failed attempts in each folder of PATH. */
export async function readTrace(file: string): Promise<TracedProgram[]> {
  const lines = (await Deno.readTextFile(file)).split("\n");
  return lines.filter((line) => /^\d+ +execve\(/.test(line)).map(parseStart);
}

/** Parses `execve("/bin/true", ["true", "x"], ["NAME=value"]) = 0`. */
function parseStart(line: string): TracedProgram {
  if (/"\.\.\.[,\]]/.test(line)) throw new Error("The trace was cut");
  const [[path = ""] = [], commandLine = [], variables = []] = stringLists(line);
  return {
    path,
    commandLine,
    variables: Object.fromEntries(variables.map((text) => {
      const [name = "", ...value] = text.split("=");
      return [name, value.join("=")];
    })),
  };
}

/** Returns the strings outside of brackets, then those of each pair of brackets. */
function stringLists(line: string): string[][] {
  const lists: string[][] = [[]];
  for (const [token, text] of line.matchAll(/"((?:[^"\\]|\\.)*)"|\[/g)) {
    if (token === "[") lists.push([]);
    else lists.at(-1)?.push(unescape(text ?? ""));
  }
  return lists;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

/** Decodes C escapes. Non-ASCII characters become one character per byte. */
function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:([0-7]{1,3})|(.))/g,
    (_, octal, letter) =>
      octal === undefined ? ESCAPES[letter] ?? letter : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function canTrace(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const [command = "", ...args] = [...traceCommand("/dev/null"), "true"];
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
