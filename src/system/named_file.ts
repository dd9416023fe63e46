import { resolve } from "@std/path/resolve";
import { CliError } from "../errors.ts";
import { FileError } from "./file_error.ts";
import type { Bytes, Files } from "./files.ts";

/**
 * Reads a file that the user named, by a flag or a variable.
 *
 * @param what What the file is, for the message: "The root certificate".
 * @param source What named it, for the hint: "--ca-cert or ENTRA_AUTH_CLI_CA_CERT".
 * @throws {CliError} `usage` when the file can't be read, `permission` when Deno may not read it.
 */
export async function readNamedFile(
  path: string,
  what: string,
  source: string,
  files: Files,
): Promise<Bytes> {
  try {
    return await files.read(resolve(path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new CliError("usage", `${what} can't be used: ${error.message}`, { hint: `Check ${source}.` });
  }
}
