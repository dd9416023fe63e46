import { CliError } from "../../errors.ts";
import type { Files } from "../files/files.ts";
import { readCredentialFile, type ReadWait } from "../files/user_files.ts";
import { systemOs } from "../os.ts";
import { permittedSync } from "../permission.ts";

const SOURCE = "--ca-cert or ENTRA_AUTH_CLI_CA_CERT";

/**
 * Reads the root certificates (PEM) to trust in addition to those of the machine.
 *
 * @throws {CliError} `usage` if the file cannot be read or contains no certificate, `permission` if Deno may not read it.
 */
export async function readRoots(path: string, files: Files, wait: ReadWait): Promise<string[]> {
  const content = await readCredentialFile(files, path, "root certificate", SOURCE, wait);
  const text = new TextDecoder().decode(content);
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (certificates === null) {
    throw new CliError("usage", `Invalid root certificate ${path}: expected a PEM block BEGIN CERTIFICATE`, {
      hint: `Check ${SOURCE}.`,
    });
  }
  return certificates;
}

/** Selects the roots that Deno trusts: by default only those built into it, not those of the system. */
const STORE_VARIABLE = "DENO_TLS_CA_STORE";
const STORES = "system,mozilla";

/**
 * Creates a client that trusts the roots of the system (where an organization installs its own), those built into Deno,
 * and `extraRoots` (PEM). `DENO_TLS_CA_STORE` replaces the first two.
 *
 * @throws {CliError} `usage` if a root is invalid, `permission` if Deno may not read and set the variable.
 */
export function createTrustingClient(extraRoots: readonly string[]): Deno.HttpClient {
  const needs = [{ name: "env", variable: STORE_VARIABLE }] as const;
  const isUnset = permittedSync(
    needs,
    "Trusting the certificates that the system trusts",
    () => !Deno.env.get(STORE_VARIABLE),
  );
  const create = () => Deno.createHttpClient({ caCerts: [...extraRoots] });
  try {
    return isUnset ? withSystemRoots(create) : create();
  } catch (error) {
    throw extraRoots.length === 0 || !loadsMachineRoots() ? machineRootsError(error) : extraRootError(error);
  }
}

/** Returns whether a client can be created without further roots: if not, `--ca-cert` is not the cause of an error. */
function loadsMachineRoots(): boolean {
  try {
    Deno.createHttpClient({ caCerts: [] }).close();
    return true;
  } catch {
    return false;
  }
}

function machineRootsError(cause: unknown): CliError {
  const linux = systemOs === "linux" ? ", SSL_CERT_FILE and SSL_CERT_DIR" : "";
  const hint = `Check the variables DENO_TLS_CA_STORE and DENO_CERT${linux}.`;
  return new CliError("usage", "Cannot load the certificates that this machine trusts", { hint, cause });
}

function extraRootError(cause: unknown): CliError {
  const hint = `Check the file that ${SOURCE} names.`;
  return new CliError("usage", "Cannot use the additional root certificate", { hint, cause });
}

/**
 * Runs `create` with the variable set. Deno reads it when the process creates its first client and offers no other way.
 * The variable is removed at once, so that started programs do not inherit it.
 */
function withSystemRoots<T>(create: () => T): T {
  Deno.env.set(STORE_VARIABLE, STORES);
  try {
    return create();
  } catch {
    // Without readable roots of the system, those of Deno remain. An invalid extra root fails again.
    Deno.env.delete(STORE_VARIABLE);
    return create();
  } finally {
    Deno.env.delete(STORE_VARIABLE);
  }
}
