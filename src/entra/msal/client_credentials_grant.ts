import { ConfidentialClientApplication } from "@azure/msal-node";
import type { ClientCredential } from "../../credentials/client_credential.ts";
import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import { withClientAuthentication } from "./client_authentication.ts";
import { createMsal, runMsal, type TokenClientOptions } from "./msal_app.ts";
import type { IssuedTokens, RefreshOptions } from "../token_client.ts";

/**
 * Gets a token for the application itself (RFC 6749 section 4.4). There is no refresh token: the next one is got in the
 * same way.
 *
 * @throws {CliError} `sign_in_failed`, `invalid_response` or `network`, and what reading the credential throws.
 */
export async function acquireTokenForApplication(
  options: TokenClientOptions & { readonly credential: ClientCredential },
  { scopes, claims, failFast = false }: RefreshOptions,
): Promise<IssuedTokens> {
  const msal = createMsal(
    options,
    { silently: true, repeat: "unprocessed", failFast },
    (configuration) =>
      new ConfidentialClientApplication(
        withClientAuthentication(configuration, options.credential, options.clock),
      ),
  );
  const result = await runMsal(msal, (app) =>
    app.acquireTokenByClientCredential({
      scopes: [...scopes],
      ...(claims === undefined ? {} : { claims }),
      skipCache: true,
      // The token endpoint of a region would be on another host than the authority's.
      azureRegion: "DisableMsalForceRegion",
    }));
  const { tokenResponse } = msal.network;
  if (result === null || tokenResponse === null) {
    throw new CliError("invalid_response", "The sign-in service gave no token", {
      hint: "Check --authority, then try again.",
    });
  }
  return {
    token: {
      accessToken: new Secret(result.accessToken),
      tokenType: "Bearer",
      scopes: tokenResponse.scopes ?? scopes,
      expiresAt: Math.floor(options.clock.now() / 1000) + tokenResponse.expiresInSeconds,
      account: null,
    },
    cache: new Secret(""),
  };
}
