import { NetworkError } from "./network_error.ts";

/**
 * Reads a body from `host` whole, and no more than `maxBytes` bytes.
 *
 * @throws {NetworkError} For a body that is larger; and what reading it throws.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
  host: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new NetworkError(`The answer from ${host} is larger than ${maxBytes} bytes`, {
        hint: "Something between this machine and the sign-in service answers in its place. Check the proxy.",
        isTransient: false,
        mayHaveArrived: true,
      });
    }
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
