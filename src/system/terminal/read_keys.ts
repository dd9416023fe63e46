import { abortable } from "@std/async/abortable";

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
