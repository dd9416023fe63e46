import { resolve } from "@std/path/resolve";
import { CliError } from "../../errors.ts";
import { FileError } from "./file_error.ts";
import type { Bytes, Files } from "./files.ts";

/** More than any certificate, bundle of roots or assertion needs. */
const MAX_BYTES = 1_048_576;

/**
 * Reads a file that the user named by a flag or a variable.
 *
 * @param what The role of the file for the message: "root certificate".
 * @param source The origin of the path for the hint: "--ca-cert or ENTRA_AUTH_CLI_CA_CERT".
 * @throws {CliError} `usage` if the file cannot be read or is too large, `permission` if Deno may not read it.
 */
export async function readNamedFile(
  path: string,
  what: string,
  source: string,
  files: Files,
): Promise<Bytes> {
  const data = await files.read(resolve(path), MAX_BYTES + 1).catch((error) => {
    throw error instanceof FileError ? unusable(what, source, error.message) : error;
  });
  if (data.length > MAX_BYTES) throw unusable(what, source, `${path} is larger than ${MAX_BYTES} bytes`);
  return data;
}

function unusable(what: string, source: string, reason: string): CliError {
  return new CliError("usage", `Cannot use the ${what}: ${reason}`, { hint: `Check ${source}.` });
}
