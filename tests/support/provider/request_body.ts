import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";

const MAX_BYTES = 64 * 1024;
const replaced = new WeakMap<IncomingMessage, string>();

/** Reads a request's body as text; a body over 64 KB is an error. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error("Request body is over 64 KB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Restores the body of a request after it was read. oidc-provider reads the stream itself and warns on the
 * console if it is already read, so the request must look unread.
 */
export function replaceBody(request: IncomingMessage, body: string): void {
  const bytes = Buffer.from(body);
  replaced.set(request, body);
  request.headers["content-length"] = String(bytes.length);
  Object.defineProperties(request, {
    readable: { value: true },
    readableEncoding: { value: null },
    iterator: {
      value: async function* () {
        await Promise.resolve();
        yield bytes;
      },
    },
  });
}

/** The body that `replaceBody` gave a request; empty if it gave none. */
export function replacedBody(request: IncomingMessage): string {
  return replaced.get(request) ?? "";
}

/** The fields of a form, or of a query; of a field given twice, the last. */
export function readForm(encoded: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(encoded));
}
