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

/**
 * Implements `Terminal.readKeys`. Reads stdin in raw mode: the line buffer of a terminal is too short for a redirect address
 * with a code.
 */
export async function* readKeys(signal: AbortSignal): AsyncGenerator<string> {
  if (signal.aborted) return;
  // Ctrl-C remains a signal where the system supports that. Windows delivers it as a character.
  Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  try {
    yield "";
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(KEY_BUFFER_BYTES);
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
