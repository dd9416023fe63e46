import type { EntraError } from "./entra_errors.ts";

/** Converts one kind of oidc-provider's errors into Entra's. Omitted members keep their value. */
export interface Rule extends Partial<EntraError> {
  readonly when: string;
  /** Found in the private detail or the public description. */
  readonly says?: RegExp;
  readonly aadsts: number;
  readonly description: string;
}

/** Codes and descriptions, with parameters of the request in braces, as in Microsoft's list of AADSTS error codes. The first matching rule wins. */
export const RULES: readonly Rule[] = [
  {
    when: "invalid_grant",
    says: /PKCE|code_verifier/,
    aadsts: 501481,
    description: "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
  },
  {
    when: "invalid_grant",
    says: /authorization code already consumed/,
    aadsts: 54005,
    description:
      "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
  },
  {
    when: "invalid_grant",
    says: /authorization code is expired|authorization code not found/,
    aadsts: 70008,
    description:
      "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
  },
  {
    when: "invalid_grant",
    says: /redirect_uri mismatch/,
    aadsts: 500112,
    description:
      "The reply address does not match the reply address provided when requesting Authorization code.",
  },
  {
    when: "invalid_grant",
    says: /refresh token is expired/,
    aadsts: 700082,
    description: "The refresh token has expired due to inactivity.",
  },
  {
    when: "invalid_grant",
    says: /refresh token|grant not found|grant is expired/,
    aadsts: 50173,
    description: "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
  },
  { when: "invalid_grant", aadsts: 70000, description: "Provided grant is invalid or malformed." },
  {
    when: "invalid_scope",
    says: /refresh token missing requested/,
    error: "invalid_grant",
    suberror: "consent_required",
    aadsts: 65001,
    description:
      "The user or administrator has not consented to use the application with ID '{client_id}'. Send an interactive authorization request for this user and resource.",
  },
  {
    when: "invalid_scope",
    says: /more than one resource/,
    aadsts: 28000,
    description:
      "Provided value for the input parameter scope is not valid because it contains more than one resource.",
  },
  {
    when: "invalid_scope",
    aadsts: 70011,
    description:
      "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
  },
  {
    when: "invalid_client",
    says: /client not found|client is invalid/,
    error: "unauthorized_client",
    aadsts: 700016,
    description:
      "Application with identifier '{client_id}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant.",
  },
  {
    when: "invalid_client",
    says: /no client authentication|not provided/,
    aadsts: 7000218,
    description:
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  },
  {
    when: "invalid_client",
    says: /secret is expired/,
    aadsts: 7000222,
    description:
      "The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new keys for your app.",
  },
  {
    when: "invalid_client",
    says: /assertion|JWT|signature|audience|jti/i,
    aadsts: 700027,
    description: "Client assertion contains an invalid signature. [Reason - The key was not found.]",
  },
  {
    when: "invalid_client",
    aadsts: 7000215,
    description:
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for app '{client_id}'.",
  },
  {
    when: "authorization_pending",
    aadsts: 70016,
    description: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
  },
  { when: "slow_down", aadsts: 70016, description: "OAuth 2.0 device flow error. Polling too fast." },
  {
    when: "expired_token",
    aadsts: 70020,
    description:
      "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
  },
  {
    when: "login_required",
    aadsts: 50058,
    description: "A silent sign-in request was sent but no user is signed in.",
  },
  {
    when: "account_selection_required",
    error: "interaction_required",
    aadsts: 16000,
    description: "Interaction is required: select an account to sign in with.",
  },
  {
    when: "interaction_required",
    aadsts: 65001,
    description: "The user or administrator has not consented to use the application.",
  },
  {
    when: "consent_required",
    aadsts: 65001,
    description: "The user or administrator has not consented to use the application.",
  },
  {
    when: "invalid_redirect_uri",
    error: "invalid_request",
    aadsts: 50011,
    description:
      "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the application.",
  },
  {
    when: "invalid_request",
    says: /PKCE|code_challenge/,
    aadsts: 9002325,
    description: "Proof Key for Code Exchange is required for authorization code redemption.",
  },
  {
    when: "invalid_request",
    says: /missing required parameter/,
    aadsts: 900144,
    description: "The request body must contain a parameter that it lacks.",
  },
  {
    when: "invalid_request",
    says: /session not found|has expired/,
    aadsts: 50196,
    description: "The sign-in request has expired. Start again.",
  },
  {
    when: "unsupported_grant_type",
    aadsts: 70003,
    description: "The app requested an unsupported grant type.",
  },
  {
    when: "unsupported_response_type",
    aadsts: 700054,
    description: "The response type is not enabled for the application.",
  },
  { when: "server_error", aadsts: 90033, description: "A transient error has occurred. Please try again." },
];
