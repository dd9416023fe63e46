import { fromFileUrl } from "@std/path/from-file-url";
import { systemNetwork } from "../../../src/system/network/deno_network.ts";

/** Returns the command that runs this file. */
export function fetchOnce(url: string, timeoutMs = 30_000): [string, ...string[]] {
  const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
  const deno = ["run", "--quiet", "--no-check", ...flags, "--allow-all"];
  return [Deno.execPath(), ...deno, fromFileUrl(import.meta.url), url, String(timeoutMs)];
}

/**
 * Sends one request as the program does, in a separate process: `deno run --allow-all fetch_once.ts URL TIMEOUT_MS`.
 * Prints the status or the error.
 */
if (import.meta.main) {
  const [url = "", timeoutMs = ""] = Deno.args;
  const { signal } = new AbortController();
  const limits = { timeoutMs: Number(timeoutMs), maxBytes: 1000, signal };
  const outcome = await systemNetwork()
    .send({ url, method: "GET", headers: {}, ...limits })
    .then(({ status }) => String(status), (error: unknown) => String(error));
  await Deno.stdout.write(new TextEncoder().encode(outcome));
  Deno.exit(0);
}
