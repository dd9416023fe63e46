import { resolve } from "@std/path/resolve";
import { CliError } from "../../errors.ts";
import { FileError } from "./file_error.ts";
import type { Bytes, Files } from "./files.ts";

/** More than any certificate, bundle of roots or assertion has. */
const MAX_BYTES = 1_048_576;

/**
 * Reads a file that the user named, by a flag or a variable.
 *
 * @param what What the file is, for the message: "The root certificate".
 * @param source What named it, for the hint: "--ca-cert or ENTRA_AUTH_CLI_CA_CERT".
 * @throws {CliError} `usage` when the file can't be read or is too large, `permission` when Deno may not read it.
 */
export async function readNamedFile(
  path: string,
  what: string,
  source: string,
  files: Files,
): Promise<Bytes> {
  const wrong = (why: string) =>
    new CliError("usage", `${what} can't be used: ${why}`, { hint: `Check ${source}.` });
  const data = await files.read(resolve(path), MAX_BYTES + 1).catch((error) => {
    throw error instanceof FileError ? wrong(error.message) : error;
  });
  if (data.length > MAX_BYTES) throw wrong(`${path} has more than ${MAX_BYTES} bytes`);
  return data;
}
