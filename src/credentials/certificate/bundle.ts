// @ts-types="./node_forge.d.ts"
import type { RsaKey } from "node-forge";
import { CliError } from "../../errors.ts";
import type { Secret } from "../../text/secret.ts";

/** What a certificate's file holds, as it is there: nothing says yet that one belongs to the other. */
export interface Bundle {
  /** The certificates in DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
  /** The private key, or null where there is none. */
  readonly key: RsaKey | null;
}

/** Gives the password of a file, once it turns out to need one; null where there is none to be had. */
export type TakePassword = () => Promise<Secret | null>;

/** The error for a file that a password protects which nobody gave. */
export function passwordMissing(path: string): CliError {
  return new CliError("usage", `${path} is protected by a password`, {
    hint: "Give it in AZURE_CLIENT_CERTIFICATE_PASSWORD, or on a terminal, where it is asked for.\n" +
      "edit-profile --certificate-password-stdin keeps it for a profile. No flag takes it.",
  });
}

/** The error for a password that doesn't open the file. */
export function passwordWrong(path: string): CliError {
  return new CliError("usage", `The password does not open ${path}`, {
    hint: "Check AZURE_CLIENT_CERTIFICATE_PASSWORD, the one that the profile keeps, or what was typed.",
  });
}

/** The error for a key of a kind that Entra does not take. */
export function notRsa(path: string): CliError {
  return new CliError("usage", `The key in ${path} is not an RSA key that can be read`, {
    hint: "Entra ID takes certificates with RSA keys, in PKCS#8 or PKCS#1.",
  });
}
