import { CliError } from "../errors.ts";
import type { Files } from "./files.ts";

/**
 * Reads root certificates in PEM, to trust besides the machine's own.
 *
 * @throws {CliError} `usage` when the file isn't there or holds no certificate, `permission` when Deno may not read it.
 */
export async function readRoots(path: string, files: Files): Promise<string[]> {
  const data = await files.read(path);
  if (data === null) {
    throw new CliError("usage", `There is no certificate file ${path}`, {
      hint: "Check --ca-cert or ENTRA_AUTH_CLI_CA_CERT.",
    });
  }
  const certificates = new TextDecoder().decode(data)
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (certificates === null) {
    throw new CliError("usage", `No certificate in PEM form is in ${path}`, {
      hint: "The file has to hold a block that starts with BEGIN CERTIFICATE.",
    });
  }
  return certificates;
}
