import { CliError } from "../errors.ts";

/**
 * What it means that Deno could not load a package which the program needs; null for any other error. Only a program that
 * is started from its source or from a URL loads any, and without a lock file Deno takes no version that, by this
 * machine's clock, is not published yet.
 */
export function packageError(error: unknown): CliError | null {
  if (!(error instanceof TypeError && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) return null;
  if (/minimum dependency date/.test(error.message)) {
    const message = "By this machine's clock a package that the program needs is not published yet";
    return new CliError("unexpected", message, {
      hint: "Check the date and time of this machine.",
      cause: error,
    });
  }
  if (!/^Failed loading https?:/.test(error.message)) return null;
  return new CliError("network", "Deno could not load a package that the program needs", {
    hint: "Check the connection and the proxy (HTTPS_PROXY), then try again.",
    cause: error,
  });
}
