import type { Secret } from "../text/secret.ts";

/** What an application proves itself with to the authority (OpenID Connect Core 1.0, section 9). */
export type ClientCredential =
  /** A password that Entra made. */
  | { readonly kind: "secret"; readonly secret: Secret }
  /** A key, whose certificate is registered. */
  | { readonly kind: "certificate"; readonly certificate: ClientCertificate }
  /** A token of another issuer whom the application's registration trusts. Read anew for each use: they are short-lived. */
  | { readonly kind: "assertion"; readonly read: () => Promise<Secret> };

/** A certificate with its key. */
export interface ClientCertificate {
  /** SHA-256 of the certificate, in hexadecimal: how Entra finds it in the registration. */
  readonly thumbprintSha256: string;
  /** The private RSA key, PKCS#8 in PEM. */
  readonly privateKeyPem: Secret;
  /** The certificate and those that lead to its root, PEM, where they are to be sent along; otherwise null. */
  readonly chainPem: string | null;
}
