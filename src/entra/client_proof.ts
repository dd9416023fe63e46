import type { ClientCredential } from "../credentials/client_credential.ts";
import type { MsalConfiguration } from "./msal_app.ts";

/** What an application proves itself with, in MSAL's terms: one of the fields is there. */
export interface ClientProof {
  /** A client secret. */
  readonly clientSecret?: string;
  /** A certificate. `x5c` is it and those that lead to its root, in PEM. */
  readonly clientCertificate?: { thumbprintSha256: string; privateKey: string; x5c?: string };
  /** Gives an assertion, for each use anew. */
  readonly clientAssertion?: () => Promise<string>;
}

/** The configuration of an application that proves itself with `credential`. */
export function withProof(
  { auth, system }: MsalConfiguration,
  credential: ClientCredential,
): MsalConfiguration & { auth: ClientProof } {
  return { system, auth: { ...auth, ...proofOf(credential) } };
}

function proofOf(credential: ClientCredential): ClientProof {
  switch (credential.kind) {
    case "secret":
      return { clientSecret: credential.secret.reveal() };
    case "certificate": {
      const { thumbprintSha256, privateKeyPem, chainPem } = credential.certificate;
      const chain = chainPem === null ? {} : { x5c: chainPem };
      return {
        clientCertificate: { thumbprintSha256, privateKey: privateKeyPem.reveal(), ...chain },
      };
    }
    case "assertion":
      return { clientAssertion: async () => (await credential.read()).reveal() };
  }
}
