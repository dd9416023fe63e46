import { fromFileUrl } from "@std/path/from-file-url";

/** Replaces the browser of the user: `BROWSER` names a small program that posts the URL to the test. */
export interface UrlInbox extends AsyncDisposable {
  /** The value for `BROWSER`. */
  readonly browser: string;
  /** How often the browser has been opened. */
  readonly count: number;
  /** Waits for the next URL that the browser is opened with. */
  next(): Promise<string>;
}

const POST_URL = fromFileUrl(import.meta.resolve("./post_url.ts"));
const POST_URL_BY_BASH = fromFileUrl(import.meta.resolve("./post_url.sh"));

/** Whether the small program is the script for bash. */
const isBash = Deno.build.os === "linux" &&
  await Deno.stat("/bin/bash").then(() => true, () => false);

/** The path of the program that {@linkcode UrlInbox.browser} starts. */
export const BROWSER_PROGRAM: string = isBash ? POST_URL_BY_BASH : Deno.execPath();

const BROWSER_ARGUMENTS = isBash
  ? ""
  : `run --no-config --no-lock --no-code-cache --allow-net=127.0.0.1 "${POST_URL}" `;

export function openUrlInbox(): UrlInbox {
  const arrived: string[] = [];
  const waiting: ((url: string) => void)[] = [];
  let count = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = await request.text();
    count++;
    const take = waiting.shift();
    if (take === undefined) arrived.push(url);
    else take(url);
    return new Response(null, { status: 204 });
  });
  // A port and no URL, since a colon separates browsers in BROWSER.
  const { port } = server.addr;
  return {
    browser: `"${BROWSER_PROGRAM}" ${BROWSER_ARGUMENTS}${port} %s`,
    get count() {
      return count;
    },
    next() {
      const url = arrived.shift();
      return url === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(url);
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
