import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";

/**
 * Reads standard input to its end, as UTF-8 text of at most `maxBytes`.
 *
 * @throws {CliError} `usage` when there is more, or it can't be read; the reason of `signal`.
 */
export type ReadInput = (maxBytes: number, signal: AbortSignal) => Promise<string>;

/** Reads the standard input of this process: see {@linkcode ReadInput}. */
export async function readStandardInput(maxBytes: number, signal: AbortSignal): Promise<string> {
  // One more than may be: that it is filled says that there is too much.
  const data = new Uint8Array(maxBytes + 1);
  let size = 0;
  while (size < data.length) {
    const read = await abortable(tryRead(data.subarray(size)), signal);
    if (read === null) return new TextDecoder().decode(data.subarray(0, size));
    size += read;
  }
  throw new CliError("usage", `Standard input holds more than ${maxBytes} bytes`, {
    hint: "Check what is handed to this command.",
  });
}

async function tryRead(into: Uint8Array): Promise<number | null> {
  try {
    return await Deno.stdin.read(into);
  } catch (error) {
    throw new CliError("usage", "Standard input can't be read", {
      hint: "Hand the text to this command by a pipe or with <.",
      cause: error,
    });
  }
}

const BUFFER_BYTES = 4096;

/**
 * What is typed on stdin, which is a terminal, as it is typed and without being shown. A line as long as an address with
 * a code in it would not fit what a terminal takes of one by itself. The terminal is as before when `signal` is aborted.
 * First comes an empty text: from then on nothing is shown.
 */
export async function* readKeys(signal: AbortSignal): AsyncGenerator<string> {
  if (signal.aborted) return;
  // Ctrl-C stays a signal where the system can have it so; Windows hands it over as a character.
  Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  try {
    yield "";
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(BUFFER_BYTES);
    while (true) {
      const count = await readUnlessAborted(buffer, signal);
      if (count === null) return;
      yield decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  } finally {
    Deno.stdin.setRaw(false);
  }
}

async function readUnlessAborted(buffer: Uint8Array, signal: AbortSignal): Promise<number | null> {
  try {
    return await abortable(Deno.stdin.read(buffer), signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
