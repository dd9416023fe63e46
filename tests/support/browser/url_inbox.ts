import { fromFileUrl } from "@std/path/from-file-url";

/** Stands where the user's browser would be: `BROWSER` names a small program that hands the URL to the test. */
export interface UrlInbox extends AsyncDisposable {
  /** The value for `BROWSER`. */
  readonly browser: string;
  /** How often the browser was opened so far. */
  readonly count: number;
  /** The next URL that the browser is opened with. */
  next(): Promise<string>;
}

/** Starts listening for the URLs. */
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
  // No address here: a colon separates browsers.
  const { port } = server.addr;
  return {
    browser: `"${Deno.execPath()}" run --no-config --no-lock --allow-net=127.0.0.1 "${program}" ${port} %s`,
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
