import { CliError } from "../../errors.ts";
import type { Files } from "../files/files.ts";
import { readNamedFile } from "../files/named_file.ts";

/**
 * Reads root certificates in PEM, to trust besides the machine's own.
 *
 * @throws {CliError} `usage` when the file can't be read or holds no certificate, `permission` when Deno may not read it.
 */
export async function readRoots(path: string, files: Files): Promise<string[]> {
  const source = "--ca-cert or ENTRA_AUTH_CLI_CA_CERT";
  const text = new TextDecoder().decode(await readNamedFile(path, "The root certificate", source, files));
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (certificates === null) {
    throw new CliError("usage", `No certificate in PEM form is in ${path}`, {
      hint: `Check ${source}: the file has to hold a block BEGIN CERTIFICATE.`,
    });
  }
  return certificates;
}
