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
