import { deadline } from "@std/async/deadline";

/** How much of a body is read, and for how long. */
export interface FormLimits {
  /** A longer body is refused. */
  readonly maxBytes: number;
  /** A body that takes longer, in milliseconds, is refused. */
  readonly timeoutMs: number;
  /** Ends the reading at once. */
  readonly signal: AbortSignal;
}

/** The body's text, or the status to refuse it with: 400 broken, 408 too slow, 413 too large, 503 ended by the signal. */
export type FormBody = { kind: "text"; text: string } | { kind: "refused"; status: 400 | 408 | 413 | 503 };

/** Reads the body of `request` within `limits`. What is over them is not read at all. */
export async function readForm(request: Request, limits: FormLimits): Promise<FormBody> {
  if (Number(request.headers.get("content-length")) > limits.maxBytes) {
    return { kind: "refused", status: 413 };
  }
  if (request.body === null) return { kind: "text", text: "" };
  const reader = request.body.getReader();
  try {
    const bytes = await deadline(readAtMost(reader, limits.maxBytes), limits.timeoutMs, {
      signal: limits.signal,
    });
    if (bytes === null) return { kind: "refused", status: 413 };
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    if (limits.signal.aborted) return { kind: "refused", status: 503 };
    const isTooSlow = error instanceof DOMException && error.name === "TimeoutError";
    return { kind: "refused", status: isTooSlow ? 408 : 400 };
  } finally {
    // Not awaited: a body that stopped coming would hold up the answer. A connection that broke has nothing to cancel.
    reader.cancel().catch(() => {});
  }
}

async function readAtMost(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const body = new Uint8Array(maxBytes);
  let length = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return body.slice(0, length);
    if (length + value.byteLength > maxBytes) return null;
    body.set(value, length);
    length += value.byteLength;
  }
}
