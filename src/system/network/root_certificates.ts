import { CliError } from "../../errors.ts";
import type { Files } from "../files/files.ts";
import { readNamedFile } from "../files/named_file.ts";
import { permittedSync } from "../permission.ts";

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

/** Where Deno looks for roots; by itself it trusts the ones that it brings along, and not those of the system. */
const STORE_VARIABLE = "DENO_TLS_CA_STORE";
const STORES = "system,mozilla";

/**
 * A client that trusts the roots of the system (in which an organization puts its own), those that Deno brings along, and
 * `extraRoots`, in PEM. `DENO_TLS_CA_STORE` chooses others than the first two.
 *
 * @throws {CliError} `usage` when a root can't be used, `permission` when the variable may not be read and set.
 */
export function createTrustingClient(extraRoots: readonly string[]): Deno.HttpClient {
  const needs = [{ name: "env", variable: STORE_VARIABLE }] as const;
  const isLeftToUs = permittedSync(
    needs,
    "Trusting the certificates that the system trusts",
    () => !Deno.env.get(STORE_VARIABLE),
  );
  const create = () => Deno.createHttpClient({ caCerts: [...extraRoots] });
  try {
    return isLeftToUs ? withSystemRoots(create) : create();
  } catch (error) {
    throw extraRoots.length === 0
      ? new CliError("usage", "The certificates that this machine trusts can't be used", {
        hint: "Check the variables DENO_TLS_CA_STORE and DENO_CERT.",
        cause: error,
      })
      : new CliError("usage", "The certificate to trust besides the machine's own can't be used", {
        hint: "Check the file named by --ca-cert or ENTRA_AUTH_CLI_CA_CERT.",
        cause: error,
      });
  }
}

/**
 * Deno takes the roots when the first client of the process is made, by a variable and no other way. It is there for that
 * moment only: another program that is started later is none the wiser.
 */
function withSystemRoots<T>(create: () => T): T {
  Deno.env.set(STORE_VARIABLE, STORES);
  try {
    return create();
  } catch {
    // A system whose roots can't be read leaves those of Deno; what is wrong with the others shows again.
    Deno.env.delete(STORE_VARIABLE);
    return create();
  } finally {
    Deno.env.delete(STORE_VARIABLE);
  }
}
