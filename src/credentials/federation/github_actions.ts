import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import type { CredentialDependencies, FoundCredential } from "../find_credential.ts";
import { exchangeAudience } from "./exchange_audience.ts";
import { checkHttps, fetchAssertion } from "./fetch_assertion.ts";

const URL_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/**
 * GitHub's token for the job of a workflow that has the permission `id-token: write`, which sets both variables. Null
 * outside of one. See "OpenID Connect" in the reference of GitHub Actions.
 *
 * @param authority Base URL of the authority that the token is for.
 * @throws {CliError} `usage` where only one of the variables is set, or the URL is not https.
 */
export function askGitHubActions(
  authority: string,
  dependencies: CredentialDependencies,
): FoundCredential | null {
  const { env } = dependencies;
  const address = env.get(URL_VARIABLE);
  const bearer = env.get(TOKEN_VARIABLE);
  if (address === undefined && bearer === undefined) return null;
  if (address === undefined || bearer === undefined) {
    throw new CliError("usage", `${address === undefined ? URL_VARIABLE : TOKEN_VARIABLE} is not set`, {
      hint: "GitHub Actions sets both variables for a job with the permission id-token: write.",
    });
  }
  const url = checkHttps(address, URL_VARIABLE);
  url.searchParams.set("audience", exchangeAudience(authority));
  const request = {
    system: "GitHub Actions",
    method: "GET",
    url,
    bearer: new Secret(bearer),
    field: "value",
  } as const;
  return {
    credential: { kind: "assertion", read: () => fetchAssertion(request, dependencies) },
    from: "GitHub Actions",
  };
}
