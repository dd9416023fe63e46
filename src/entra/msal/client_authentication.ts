import type { ClientCredential } from "../../credentials/client_credential.ts";
import type { Clock } from "../../system/clock.ts";
import { signAssertion } from "../certificate_assertion.ts";
import type { MsalConfiguration } from "./msal_app.ts";

/** What an application proves itself with, in MSAL's terms: one of the fields is there. */
export interface ClientAuthenticationParameters {
  /** A client secret. */
  readonly clientSecret?: string;
  /** Gives an assertion, for each use anew. */
  readonly clientAssertion?: (asked: { clientId: string; tokenEndpoint?: string }) => Promise<string>;
}

/** The configuration of an application that proves itself with `credential`. */
export function withClientAuthentication(
  { auth, system }: MsalConfiguration,
  credential: ClientCredential,
  clock: Clock,
): MsalConfiguration & { auth: ClientAuthenticationParameters } {
  return { system, auth: { ...auth, ...proofOf(credential, clock) } };
}

function proofOf(credential: ClientCredential, clock: Clock): ClientAuthenticationParameters {
  switch (credential.kind) {
    case "secret":
      return { clientSecret: credential.secret.reveal() };
    case "certificate":
      return {
        clientAssertion: ({ clientId, tokenEndpoint = "" }) =>
          signAssertion(credential.certificate, { clientId, tokenEndpoint }, clock.now()),
      };
    case "assertion":
      return { clientAssertion: async () => (await credential.read()).reveal() };
  }
}
