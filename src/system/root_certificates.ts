import { resolve } from "@std/path/resolve";
import { CliError } from "../errors.ts";
import { FileError } from "./file_error.ts";
import type { Files } from "./files.ts";

/**
 * Reads root certificates in PEM, to trust besides the machine's own.
 *
 * @throws {CliError} `usage` when the file can't be read or holds no certificate, `permission` when Deno may not read it.
 */
export async function readRoots(path: string, files: Files): Promise<string[]> {
  const text = await read(path, files);
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (certificates === null) {
    throw new CliError("usage", `No certificate in PEM form is in ${path}`, {
      hint: "Check --ca-cert or ENTRA_AUTH_CLI_CA_CERT: the file has to hold a block BEGIN CERTIFICATE.",
    });
  }
  return certificates;
}

async function read(path: string, files: Files): Promise<string> {
  try {
    return new TextDecoder().decode(await files.read(resolve(path)));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new CliError("usage", `The root certificate can't be used: ${error.message}`, {
      hint: "Check --ca-cert or ENTRA_AUTH_CLI_CA_CERT.",
    });
  }
}
