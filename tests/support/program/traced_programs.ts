/** A program that was started under a trace: itself, or what it or one of its own started. */
export interface TracedProgram {
  readonly path: string;
  /** What it was called with, its own name first. */
  readonly commandLine: readonly string[];
  /** All its variables. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Whether no system can tell here what is started: that takes Linux, `strace`, and the right to use it. */
export const hasNoTrace: boolean = !canTrace();

/**
 * The words in front of a command that have the system write down, in `file`, each program that is started in it, with all
 * its arguments and variables. The command keeps its process number and its place on the terminal.
 */
export function traceCommand(file: string): string[] {
  const everyStart = ["-f", "--seccomp-bpf", "-e", "trace=execve", "-e", "signal=none"];
  return ["strace", "-DDD", "-qq", ...everyStart, "-v", "-s", "1000000", "-o", file];
}

/** What was started so far, in order, the first attempt in each folder of PATH included. */
export async function readTrace(file: string): Promise<TracedProgram[]> {
  const lines = (await Deno.readTextFile(file)).split("\n");
  return lines.filter((line) => /^\d+ +execve\(/.test(line)).map(parseStart);
}

/** Reads `execve("/bin/true", ["true", "x"], ["NAME=value"]) = 0`. */
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

/** The strings outside of brackets, then those of each pair of brackets. */
function stringLists(line: string): string[][] {
  const lists: string[][] = [[]];
  for (const [token, text] of line.matchAll(/"((?:[^"\\]|\\.)*)"|\[/g)) {
    if (token === "[") lists.push([]);
    else lists.at(-1)?.push(unescape(text ?? ""));
  }
  return lists;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

/** As in C. What is not ASCII comes out octet by octet. */
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
