/** A line that is being typed, split at the cursor. */
export interface Line {
  readonly before: string;
  readonly after: string;
  /** The beginning of an escape sequence whose rest has not arrived. */
  readonly unfinished?: string | undefined;
}

export const EMPTY_LINE: Line = { before: "", after: "" };

/** What the keys made of a line. */
export interface Typed {
  /** The lines that were entered. */
  readonly entered: readonly string[];
  readonly line: Line;
  /** Whether the user pressed Ctrl-C, or Ctrl-D on an empty line. Later keys are ignored. */
  readonly isInterrupted: boolean;
}

/** Longer than any URL that a browser accepts. */
const MAX_LINE = 64 * 1024;

/** One key: an escape sequence of a terminal (ECMA-48, xterm), a line end, or a character. */
// deno-lint-ignore no-control-regex -- keys are control characters
const KEY = /\x1b\[[\d;?]*[A-Za-z~]|\x1bO[A-Za-z]|\x1b[bdf\x7f]|\r\n|[^]/gu;
// deno-lint-ignore no-control-regex
const UNFINISHED = /\x1b(?:\[[\d;?]*|O)?$/;

/**
 * Applies keys to a line, with the usual keys of a shell.
 *
 * @param values What Tab completes, and what the up and down keys choose from.
 */
export function applyKeys(line: Line, keys: string, values: readonly string[] = []): Typed {
  const all = (line.unfinished ?? "") + keys;
  const [unfinished = ""] = UNFINISHED.exec(all) ?? [];
  const entered: string[] = [];
  let { before, after }: Line = line;
  for (const [key] of all.slice(0, all.length - unfinished.length).matchAll(KEY)) {
    if (key === CTRL_C || key === CTRL_D && before + after === "") {
      return { entered, line: EMPTY_LINE, isInterrupted: true };
    }
    if (LINE_ENDS.includes(key)) {
      entered.push(before + after);
      ({ before, after } = EMPTY_LINE);
    } else ({ before, after } = applyKey(key, { before, after }, values));
  }
  return {
    entered,
    line: { before, after, ...unfinished === "" ? {} : { unfinished } },
    isInterrupted: false,
  };
}

function applyKey(key: string, line: Line, values: readonly string[]): Line {
  const { before, after } = line;
  const command = COMMANDS[key];
  if (command !== undefined) return command(line, values);
  const isText = !/^[\p{Cc}]/u.test(key) && before.length + after.length < MAX_LINE;
  return isText ? { before: before + key, after } : line;
}

type Command = (line: Line, values: readonly string[]) => Line;

const LINE_ENDS = ["\r", "\n", "\r\n"];
const [CTRL_C, CTRL_D] = ["\x03", "\x04"];

const LAST_CHARACTER = /.$/su;
const FIRST_CHARACTER = /^./su;
const LAST_WORD = /\S*\s*$/u;
const FIRST_WORD = /^\s*\S*/u;

const toStart: Command = ({ before, after }) => ({ before: "", after: before + after });
const toEnd: Command = ({ before, after }) => ({ before: before + after, after: "" });
const deleteLeft = (what: RegExp): Command => ({ before, after }) => ({
  before: before.replace(what, ""),
  after,
});
const deleteRight = (what: RegExp): Command => ({ before, after }) => ({
  before,
  after: after.replace(what, ""),
});
const moveLeft = (by: RegExp): Command => ({ before, after }) => {
  const [passed = ""] = by.exec(before) ?? [];
  return { before: before.slice(0, before.length - passed.length), after: passed + after };
};
const moveRight = (by: RegExp): Command => ({ before, after }) => {
  const [passed = ""] = by.exec(after) ?? [];
  return { before: before + passed, after: after.slice(passed.length) };
};

/** Completes the value that begins with the line, or what all such values have in common. */
const complete: Command = (line, values) => {
  const typed = line.before + line.after;
  const [first = typed, ...others] = values.filter((value) => value.startsWith(typed));
  let common = first;
  while (!others.every((value) => value.startsWith(common))) common = common.slice(0, -1);
  return { before: common, after: "" };
};

/** Replaces the line by the value before or after it; by the first or the last one if it is none of them. */
const choose = (step: 1 | -1): Command => (line, values) => {
  if (values.length === 0) return line;
  const at = values.indexOf(line.before + line.after);
  const next = at === -1 ? (step === 1 ? 0 : values.length - 1) : (at + step + values.length) % values.length;
  return { before: values[next] ?? "", after: "" };
};

const COMMANDS: Readonly<Record<string, Command>> = {
  "\x01": toStart,
  "\x1b[H": toStart,
  "\x1bOH": toStart,
  "\x1b[1~": toStart,
  "\x1b[7~": toStart,
  "\x05": toEnd,
  "\x1b[F": toEnd,
  "\x1bOF": toEnd,
  "\x1b[4~": toEnd,
  "\x1b[8~": toEnd,
  "\x02": moveLeft(LAST_CHARACTER),
  "\x1b[D": moveLeft(LAST_CHARACTER),
  "\x1bOD": moveLeft(LAST_CHARACTER),
  "\x06": moveRight(FIRST_CHARACTER),
  "\x1b[C": moveRight(FIRST_CHARACTER),
  "\x1bOC": moveRight(FIRST_CHARACTER),
  "\x1bb": moveLeft(LAST_WORD),
  "\x1b[1;5D": moveLeft(LAST_WORD),
  "\x1b[1;3D": moveLeft(LAST_WORD),
  "\x1bf": moveRight(FIRST_WORD),
  "\x1b[1;5C": moveRight(FIRST_WORD),
  "\x1b[1;3C": moveRight(FIRST_WORD),
  "\x7f": deleteLeft(LAST_CHARACTER),
  "\b": deleteLeft(LAST_CHARACTER),
  "\x15": deleteLeft(/^.*$/su),
  "\x17": deleteLeft(LAST_WORD),
  "\x1b\x7f": deleteLeft(LAST_WORD),
  [CTRL_D]: deleteRight(FIRST_CHARACTER),
  "\x1b[3~": deleteRight(FIRST_CHARACTER),
  "\x0b": deleteRight(/^.*$/su),
  "\x1bd": deleteRight(FIRST_WORD),
  "\t": complete,
  "\x1b[A": choose(-1),
  "\x1bOA": choose(-1),
  "\x10": choose(-1),
  "\x1b[B": choose(1),
  "\x1bOB": choose(1),
  "\x0e": choose(1),
};

/** What {@linkcode drawLine} draws: the prompt and the part of the line around the cursor. */
export interface DrawnLine {
  /** The text to write. It overwrites the previous one without escape sequences, which every terminal supports. */
  readonly text: string;
  /** How many columns are now in use, for the next call. */
  readonly columns: number;
}

/**
 * Draws the line after its prompt and puts the cursor in place. A line that is too long shows the part around the cursor.
 *
 * @param columns The width of the terminal.
 * @param drawn The columns that the previous drawing used.
 */
export function drawLine(prompt: string, { before, after }: Line, columns: number, drawn: number): DrawnLine {
  const [left, right] = [[...before], [...after]];
  // The last column stays empty, because some terminals wrap after that.
  const room = Math.max(1, columns - 1 - [...prompt].length);
  // A step of half the room, so that the text does not move with every key.
  const step = Math.ceil(room / 2);
  const hidden = left.length < room ? 0 : Math.ceil((left.length - room + 1) / step) * step;
  const shownLeft = left.slice(hidden);
  const shownRight = right.slice(0, room - shownLeft.length);
  const length = [...prompt].length + shownLeft.length + shownRight.length;
  const rest = " ".repeat(Math.max(0, drawn - length));
  const back = "\b".repeat(shownRight.length + rest.length);
  return {
    text: `\r${prompt}${shownLeft.join("")}${shownRight.join("")}${rest}${back}`,
    columns: length,
  };
}
