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
  const program = fromFileUrl(import.meta.resolve("./post_url.ts"));
  // A port and no URL, since a colon separates browsers in BROWSER.
  const { port } = server.addr;
  return {
    browser:
      `"${Deno.execPath()}" run --no-config --no-lock --no-code-cache --allow-net=127.0.0.1 "${program}" ${port} %s`,
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
