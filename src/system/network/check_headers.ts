import { CliError } from "../../errors.ts";

/**
 * Checks that every value of `headers` can be sent to `host`. Deno would say so too, and quote the value, which may be a
 * secret that somebody pasted with a line break in it.
 *
 * @throws {CliError} `usage`, with the name of the header and not its value.
 */
export function checkHeaders(headers: Readonly<Record<string, string>>, host: string): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch {
      throw new CliError(
        "usage",
        `What ${host} is to be sent as '${name}' holds characters that can't be sent`,
        {
          hint: "A variable may have been set with a line break in it. Set it again.",
        },
      );
    }
  }
}
