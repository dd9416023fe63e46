import { deadline } from "@std/async/deadline";
import type { TrafficFault } from "./callback_traffic.ts";

/** The parts of a request that are known before its body is read. */
export interface RequestHead {
  readonly method: string;
  /** The target as Deno gives it: `http://`, the `Host` (or the authority of an absolute target), then path and query. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/** What to do with a request. */
export type Admission =
  /** Validate these parameters, which are still encoded. */
  | { kind: "query"; parameters: string }
  /** Read the form in the body and validate it. */
  | { kind: "form" }
  /** The user opened the bare address. */
  | { kind: "visit" }
  /** The browser requests an icon. */
  | { kind: "icon" }
  | { kind: "refused"; status: number; fault: TrafficFault };

/**
 * Decides what to do with a request to the callback server on `port`, from its head. Only the path of the redirect URI on
 * a name of this machine is accepted (RFC 8252 section 8.10). The check of `Host` keeps out pages whose own name was made
 * to resolve to this machine (DNS rebinding).
 */
export function admitRequest(request: RequestHead, port: number): Admission {
  if (request.method !== "GET" && request.method !== "POST") return refused(405, "wrongMethod");
  const [, authority, path, query] = /^http:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$/.exec(request.url) ?? [];
  const host = request.headers.get("host");
  if (authority === undefined || host === null) return refused(421, "wrongHost");
  if (!isOurs(host, port) || !isOurs(authority, port)) return refused(421, "wrongHost");
  if (request.method === "GET" && path === "/favicon.ico") return { kind: "icon" };
  if (path !== "/") return refused(404, "wrongPath");
  if (!isAcceptableOrigin(request.headers.get("origin"))) return refused(403, "malformed");
  if (request.method === "GET") {
    return query === undefined || query === "" ? { kind: "visit" } : { kind: "query", parameters: query };
  }
  if (query !== undefined) return refused(400, "malformed");
  return isForm(request.headers.get("content-type")) ? { kind: "form" } : refused(415, "malformed");
}

function refused(status: number, fault: TrafficFault): Admission {
  return { kind: "refused", status, fault };
}

/** Reports whether `host` names this server, by a loopback name or one of `others`. Browsers omit port 80. */
export function isOurs(host: string, port: number, others: readonly string[] = []): boolean {
  return ["localhost", "127.0.0.1", "[::1]", ...others].some((name) => {
    const lowerCased = host.toLowerCase();
    return lowerCased === `${name}:${port}` || (port === 80 && lowerCased === name);
  });
}

/** A posted response comes from the sign-in page, which is https or hides its origin. A redirect has no origin. */
function isAcceptableOrigin(origin: string | null): boolean {
  return origin === null || origin === "null" || origin.startsWith("https://");
}

function isForm(contentType: string | null): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
}

export interface FormLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Stops reading when aborted. */
  readonly signal: AbortSignal;
}

/** The text of a body, or the status to refuse it with: 400 malformed, 408 too slow, 413 too large, 503 aborted. */
export type FormBody = { kind: "text"; text: string } | { kind: "refused"; status: 400 | 408 | 413 | 503 };

/** Reads the body of `request`. A body that exceeds `limits` is not read to its end. */
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
    // Not awaited: a body that stalls would delay the response. Cancelling a broken connection rejects.
    reader.cancel().catch(() => {});
  }
}

/** Returns null if the stream has more than `maxBytes` bytes. */
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
