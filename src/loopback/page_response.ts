import { encodeBase64 } from "@std/encoding/base64";
import { PAGE_STYLE } from "./page_style.ts";

/** Makes a response with the given status and HTML page, null for none, with the headers every response has. */
export type PageResponse = (status: number, html: string | null) => Response;

/**
 * Prepares {@linkcode PageResponse}. The headers keep the page from loading or running anything but its own style, from
 * being framed, stored or sent on as a referrer (RFC 9700 §4.2.4, §4.16), and end the connection.
 */
export async function preparePageResponse(): Promise<PageResponse> {
  const styleHash = encodeBase64(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(PAGE_STYLE)));
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return (status, html) => {
    const headers = new Headers({
      "Content-Security-Policy": policy,
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "X-Frame-Options": "DENY",
      "Connection": "close",
    });
    if (html !== null) headers.set("Content-Type", "text/html; charset=utf-8");
    if (status === 405) headers.set("Allow", "GET, POST");
    return new Response(html, { status, headers });
  };
}
