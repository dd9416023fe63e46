import { CliError } from "../../errors.ts";
import type { Secret } from "../../text/secret.ts";

/** Returns the password of an encrypted file, or null if there is none. */
export type TakePassword = () => Promise<Secret | null>;

/** A file that is being opened. */
export interface CertificateFile {
  /** The path, for messages. */
  readonly path: string;
  readonly password: TakePassword;
  /** Ends the derivation of keys, which can take minutes. */
  readonly signal: AbortSignal;
  /** The time limit for deriving keys from one password; none by default. */
  readonly timeoutMs?: number | undefined;
}

/** A private key in DER. */
export interface PrivateKeyDer {
  readonly type: "pkcs1" | "pkcs8";
  readonly der: Uint8Array;
}

/** The content of a certificate file. The key need not belong to one of the certificates. */
export interface Bundle {
  /** The certificates in DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
  readonly key: PrivateKeyDer | null;
}

/** Returns the error for a file that is neither PEM nor PFX. */
export function unrecognized(path: string): CliError {
  return new CliError("usage", `Unrecognized format of ${path}: expected PEM or PFX`, {
    hint: "Name a PEM file with certificate and key, or a PFX (.pfx, .p12) file.",
  });
}

/** Returns the error for a key of a kind that Entra does not accept. */
export function notRsa(path: string): CliError {
  return new CliError("usage", `Unsupported key in ${path}: expected an RSA key`, {
    hint: "Entra ID accepts certificates with RSA keys, in PKCS#8 or PKCS#1.",
  });
}

/** The file needs another password, or one at all. */
export class LockedFileError extends CliError {}

/** Takes the password. @throws {LockedFileError} `usage` if there is none. */
export async function requirePassword({ path, password }: CertificateFile): Promise<string> {
  const secret = await password();
  if (secret !== null) return secret.reveal();
  throw new LockedFileError("usage", `${path} is protected by a password`, {
    hint: "Set AZURE_CLIENT_CERTIFICATE_PASSWORD, or run the command on a terminal, which prompts for it.\n" +
      "edit-profile --certificate-password-stdin stores it for a profile. There is no flag for it.",
  });
}

/** Returns the error for a password that does not open the file. */
export function passwordWrong(path: string): LockedFileError {
  return new LockedFileError("usage", `The password does not open ${path}`, {
    hint: "Check AZURE_CLIENT_CERTIFICATE_PASSWORD, the password that the profile stores, or what you typed.",
  });
}

const ENCRYPT_AGAIN = "openssl pkcs12 -in OLD.pfx -out NEW.pem\n" +
  "openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD.pem -out NEW.pem\n" +
  "One of these encrypts the key of a PFX or PEM file again. Keep the certificate in the new file.";

/** Returns the error for an algorithm that this program cannot decrypt. */
export function unsupportedEncryption(path: string, algorithm: string): CliError {
  return new CliError("usage", `Unsupported encryption in ${path}: ${algorithm}`, { hint: ENCRYPT_AGAIN });
}

/** Returns the error for a file that would keep the processor busy for hours. */
export function tooManyIterations(path: string, count: number, max: number): CliError {
  const message = `Too many iterations of the key derivation in ${path}: ${count}, expected 1 to ${max}`;
  return new CliError("usage", message, { hint: ENCRYPT_AGAIN });
}

/** Returns the error for the time limit of {@linkcode CertificateFile}. */
export function derivationTimeout(path: string, timeoutMs: number): CliError {
  return new CliError(
    "timeout",
    `Timeout decrypting ${path}: its key was not derived within ${timeoutMs / 1000} s`,
    {
      hint: "Pass a longer --timeout, or export the file with fewer iterations.",
    },
  );
}
