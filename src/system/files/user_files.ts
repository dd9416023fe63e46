import { dirname } from "@std/path/dirname";
import { resolve } from "@std/path/resolve";
import { CliError } from "../../errors.ts";
import { permitted } from "../permission.ts";
import { replaceFile } from "./file_changes.ts";
import { FileError } from "./file_error.ts";
import type { Bytes, Files } from "./files.ts";

/**
 * Reads a file that the user named, as UTF-8 text.
 *
 * @throws {CliError} `usage` if the file cannot be read or is larger than `maxBytes`, `permission` if Deno may not read it.
 */
export async function readTextFile(files: Files, path: string, maxBytes: number): Promise<string> {
  const data = await read(
    files,
    path,
    maxBytes,
    (reason, cause) => new CliError("usage", reason, { hint: "Check the path.", cause }),
  );
  return new TextDecoder().decode(data);
}

/** More than any certificate, bundle of roots or assertion needs. */
const MAX_CREDENTIAL_BYTES = 1_048_576;

/**
 * Reads a certificate or an assertion that the user named by a flag or a variable.
 *
 * @param what The role of the file for the message: "root certificate".
 * @param source The origin of the path for the hint: "--ca-cert or ENTRA_AUTH_CLI_CA_CERT".
 * @throws {CliError} `usage` if the file cannot be read or is too large, `permission` if Deno may not read it.
 */
export function readCredentialFile(
  files: Files,
  path: string,
  what: string,
  source: string,
): Promise<Bytes> {
  return read(
    files,
    path,
    MAX_CREDENTIAL_BYTES,
    (reason, cause) =>
      new CliError("usage", `Cannot use the ${what}: ${reason}`, { hint: `Check ${source}.`, cause }),
  );
}

async function read(
  files: Files,
  path: string,
  maxBytes: number,
  usageError: (reason: string, cause?: unknown) => CliError,
): Promise<Bytes> {
  // One byte more than allowed shows that the file is too large.
  const data = await files.read(resolve(path), maxBytes + 1).catch((error) => {
    throw error instanceof FileError ? usageError(error.message, error) : error;
  });
  if (data.length > maxBytes) throw usageError(`${path} is larger than ${maxBytes} bytes`);
  return data;
}

/**
 * Writes `text` to the file `path` in one step. Only its owner can read the file.
 *
 * @throws {FileError} Names `path`: writing fails at a temporary file beside it, which the user does not know.
 * @throws {CliError} `permission`, with the flag for the folder: the user cannot grant the name of the temporary file.
 */
export async function writePrivateFile(files: Files, path: string, text: string): Promise<void> {
  const folder = dirname(resolve(path));
  const needs = [{ name: "read", path: folder }, { name: "write", path: folder }] as const;
  try {
    await permitted(
      needs,
      `Writing ${path}`,
      () => replaceFile(files, resolve(path), new TextEncoder().encode(text)),
    );
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    // The hints for other reasons are about the folder of the program.
    const isAboutAnyFile = ["denied", "full", "not_private"].includes(error.reason);
    const hint = isAboutAnyFile ? error.hint : undefined;
    throw new FileError(error.reason, `write ${path}`, path, error.cause)
      .withHint(hint ?? `Check that ${path} can be a file, and that its folder exists and is writable.`);
  }
}
