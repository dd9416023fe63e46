import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";

/**
 * Reads standard input to its end, as UTF-8 text of at most `maxBytes`.
 *
 * @throws {CliError} `usage` if it is larger or cannot be read. Throws the reason of `signal` if aborted.
 */
export type ReadInput = (maxBytes: number, signal: AbortSignal) => Promise<string>;

/** Implements {@linkcode ReadInput} for this process. */
export async function readStandardInput(maxBytes: number, signal: AbortSignal): Promise<string> {
  // A full buffer, one byte larger than allowed, means that the input is too large.
  const data = new Uint8Array(maxBytes + 1);
  let size = 0;
  while (size < data.length) {
    const read = await abortable(readStdin(data.subarray(size)), signal);
    if (read === null) return new TextDecoder().decode(data.subarray(0, size));
    size += read;
  }
  throw new CliError("usage", `Standard input is larger than ${maxBytes} bytes`, {
    hint: "Check what is piped to this command.",
  });
}

async function readStdin(buffer: Uint8Array): Promise<number | null> {
  try {
    return await Deno.stdin.read(buffer);
  } catch (error) {
    throw new CliError("usage", "Could not read standard input", {
      hint: "Pipe the text to this command, or redirect a file with <.",
      cause: error,
    });
  }
}

const KEY_BUFFER_BYTES = 4096;

/** Text that was read from the terminal and not used yet. */
let unread = "";
const decoder = new TextDecoder();

/**
 * Implements `Terminal.readKeys`. Reads stdin in raw mode: the line buffer of a terminal is too short for a redirect address
 * with a code. Keys after the end of a line are left for the next reader.
 */
export async function* readKeys(signal: AbortSignal): AsyncGenerator<string> {
  if (signal.aborted) return;
  // Ctrl-C remains a signal where the system supports that. Windows delivers it as a character.
  Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  try {
    yield "";
    while (true) {
      if (unread === "" && !await readMore(signal)) return;
      yield takeUnread(/^[^\r\n]*(?:\r\n|[\r\n])?/);
    }
  } finally {
    Deno.stdin.setRaw(false);
  }
}

/** Implements `Terminal.readLine`. */
export async function readLine(signal: AbortSignal): Promise<string | null> {
  if (signal.aborted) return null;
  while (!/[\r\n]/.test(unread)) {
    if (await readMore(signal)) continue;
    if (signal.aborted || unread === "") return null;
    break;
  }
  return takeUnread(/^[^\r\n]*(?:\r\n|[\r\n])?/).replace(/[\r\n]+$/, "");
}

function takeUnread(what: RegExp): string {
  const [taken = ""] = what.exec(unread) ?? [];
  unread = unread.slice(taken.length);
  return taken;
}

/** Returns false at the end of the input, and if `signal` is aborted. */
async function readMore(signal: AbortSignal): Promise<boolean> {
  const buffer = new Uint8Array(KEY_BUFFER_BYTES);
  try {
    const count = await abortable(Deno.stdin.read(buffer), signal);
    if (count !== null) unread += decoder.decode(buffer.subarray(0, count), { stream: true });
    return count !== null;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
