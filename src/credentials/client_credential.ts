import type { Clock } from "../system/clock.ts";
import type { Environment } from "../system/environment.ts";
import type { Bytes } from "../system/files/files.ts";
import type { Network } from "../system/network/network.ts";
import type { Secret } from "../text/secret.ts";

/** An application's credential for client authentication (OpenID Connect Core 1.0 section 9). */
export type ClientCredential =
  /** A client secret. */
  | { readonly kind: "secret"; readonly secret: Secret }
  /** A certificate that is registered for the application. */
  | { readonly kind: "certificate"; readonly certificate: ClientCertificate }
  /** A token of another issuer that the application trusts. Read for each use, because it expires soon. */
  | { readonly kind: "assertion"; readonly read: () => Promise<Secret> };

/** A certificate with its key. */
export interface ClientCertificate {
  /** The SHA-256 of the certificate in hexadecimal, by which Entra identifies it. */
  readonly thumbprintSha256: string;
  /** The RSA key, as PKCS#8 in PEM. */
  readonly privateKeyPem: Secret;
  /** The certificate and its issuers in PEM, or null if they are not sent. */
  readonly chainPem: string | null;
}

/** The flags of a credential. */
export interface CredentialFlags {
  /** `--certificate`: the path of a PEM or PFX file. */
  readonly certificate?: string | undefined;
  /** `--send-certificate-chain`. */
  readonly sendCertificateChain?: boolean | undefined;
  /** `--assertion-file`: the path of a file with an assertion. */
  readonly assertionFile?: string | undefined;
  /** `--assertion-env`: the name of a variable with an assertion. */
  readonly assertionVariable?: string | undefined;
}

/** Prompts for a secret. Returns null if no prompt is possible, or it was left empty. */
export type AskForSecret = (kind: "client-secret" | "password", question: string) => Promise<Secret | null>;

/** Where to look for a credential besides the environment. */
export interface CredentialPlaces {
  readonly flags: CredentialFlags;
  /** The path of the profile's certificate. */
  readonly certificate: string | undefined;
  /** Reads the secrets stored for this application, or null. */
  readonly stored: () => Promise<StoredCredential | null>;
  readonly ask: AskForSecret;
  /** The base URL of the authority. */
  readonly authority: string;
  /** The name of the flow, for messages. */
  readonly flow: string;
}

/** The secrets that a profile stores. */
export interface StoredCredential {
  readonly clientSecret?: Secret | undefined;
  readonly certificatePassword?: Secret | undefined;
}

/** What finding a credential needs. */
export interface CredentialDependencies {
  readonly env: Environment;
  /**
   * Reads a file that the user named. `what` and `source` are for messages: "certificate", "--certificate".
   *
   * @throws {CliError} `usage` or `permission`.
   */
  readonly readFile: (path: string, what: string, source: string) => Promise<Bytes>;
  /** Reaches the issuers of assertions. */
  readonly network: Network;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The time limit for opening an encrypted file; none by default. */
  readonly timeoutMs?: number | undefined;
}

/** A credential and its origin. */
export interface FoundCredential {
  readonly credential: ClientCredential;
  /** The origin to show, such as `AZURE_CLIENT_SECRET`. */
  readonly from: string;
}
