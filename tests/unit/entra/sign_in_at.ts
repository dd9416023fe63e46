import { createTokenClient } from "../../../src/entra/msal_token_client.ts";
import type { IssuedTokens } from "../../../src/entra/token_client.ts";
import { Secret } from "../../../src/secret.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { CLIENT_ID, jsonResponse, NOW_MS } from "./entra_fixture.ts";
import { tinyAuthority, type TokenChanges, tokens } from "./tiny_authority.ts";

/** An authority with a discovery document of its own kind. */
export interface OtherAuthority {
  readonly base: string;
  readonly tenant: string;
  readonly issuer: string;
  /** What comes before `/oauth2` in its endpoints. */
  readonly endpoints: string;
  /** What its tokens say otherwise. */
  readonly changes?: TokenChanges;
}

/** Signs in there and refreshes once, with MSAL itself; gives the tokens, and the URLs that were used. */
export async function signInAt(
  { base, tenant, issuer, endpoints, changes }: OtherAuthority,
): Promise<{ issued: IssuedTokens; urls: string[] }> {
  const authority = tinyAuthority(() => jsonResponse({}));
  authority.metadata = jsonResponse({
    issuer,
    authorization_endpoint: `${endpoints}/oauth2/v2.0/authorize`,
    token_endpoint: `${endpoints}/oauth2/v2.0/token`,
    jwks_uri: `${endpoints}/discovery/v2.0/keys`,
  });
  const client = createTokenClient({
    profile: "default",
    authority: base,
    tenant,
    clientId: CLIENT_ID,
    network: authority.network,
    clock: new FakeClock(NOW_MS),
    signal: new AbortController().signal,
  });
  const options = { scopes: ["api://app/Files.Read"] };
  const transaction = await client.beginSignIn(options);
  const url = await transaction.authorizationUrl("http://localhost:50000");
  const answer = (nonce: string | null) =>
    tokens(nonce, { ...changes, claims: { iss: issuer, ...changes?.claims } });
  authority.answer = () => answer(new URL(url).searchParams.get("nonce"));
  const issued = await transaction.redeem(new Secret("the-code"));
  if (issued.token.account === null) throw new Error("no account");
  authority.answer = () => answer(null);
  await client.refresh(issued.cache, issued.token.account, options);
  return { issued, urls: [url, ...authority.network.requests.map((request) => request.url)] };
}
