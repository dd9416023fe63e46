import { deadline } from "@std/async/deadline";
import type { TrafficFault } from "./callback_traffic.ts";

/** What there is to know about a request before its body is read. */
export interface RequestHead {
  /** The method, in capitals as it came. */
  readonly method: string;
  /** The target as Deno gives it: `http://`, the `Host` (or the authority of an absolute target), then path and query. */
  readonly url: string;
  /** The header fields; null for one that is not there. */
  readonly headers: { get(name: string): string | null };
}

/** What to do with a request. */
export type Admission =
  /** Judge these parameters, encoded as they came. */
  | { kind: "query"; parameters: string }
  /** Read the form in the body and judge that. */
  | { kind: "form" }
  /** Someone looks at the bare address. */
  | { kind: "visit" }
  /** The browser looks for an icon. */
  | { kind: "icon" }
  | { kind: "refused"; status: number; fault: TrafficFault };

/**
 * Decides on a request to the callback server on `port`, by everything but the parameters: only the redirect URI's own
 * path on one of the names of this machine is taken (RFC 8252 §8.10). The `Host` is what keeps out pages whose own name
 * was made to point here (DNS rebinding).
 */
export function admitRequest(request: RequestHead, port: number): Admission {
  if (request.method !== "GET" && request.method !== "POST") return refused(405, "wrongMethod");
  const [, authority, path, query] = /^http:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$/.exec(request.url) ?? [];
  const host = request.headers.get("host");
  if (authority === undefined || host === null) return refused(421, "wrongHost");
  if (!isOurs(host, port) || !isOurs(authority, port)) return refused(421, "wrongHost");
  if (request.method === "GET" && path === "/favicon.ico") return { kind: "icon" };
  if (path !== "/") return refused(404, "wrongPath");
  if (!isTrustworthyOrigin(request.headers.get("origin"))) return refused(403, "malformed");
  if (request.method === "GET") {
    return query === undefined || query === "" ? { kind: "visit" } : { kind: "query", parameters: query };
  }
  if (query !== undefined) return refused(400, "malformed");
  return isForm(request.headers.get("content-type")) ? { kind: "form" } : refused(415, "malformed");
}

function refused(status: number, fault: TrafficFault): Admission {
  return { kind: "refused", status, fault };
}

/** Whether `host` names this server. Browsers leave the port out where it is 80. */
function isOurs(host: string, port: number): boolean {
  const names = ["localhost", "127.0.0.1", "[::1]"];
  return names.some((name) => {
    const lowerCased = host.toLowerCase();
    return lowerCased === `${name}:${port}` || (port === 80 && lowerCased === name);
  });
}

/**
 * An answer that is posted comes from the sign-in page, which is https, or from one that hides where it is; a redirect
 * has no origin at all.
 */
function isTrustworthyOrigin(origin: string | null): boolean {
  return origin === null || origin === "null" || origin.startsWith("https://");
}

function isForm(contentType: string | null): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
}

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
