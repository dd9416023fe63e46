import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import type { CredentialDependencies, FoundCredential } from "../find_credential.ts";
import { checkHttps, fetchAssertion } from "./fetch_assertion.ts";

const URL_VARIABLE = "SYSTEM_OIDCREQUESTURI";
const TOKEN_VARIABLE = "SYSTEM_ACCESSTOKEN";
const CONNECTION_VARIABLE = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";

/**
 * The token of a service connection with workload identity federation, for a job of Azure Pipelines. Null outside of
 * one. See "Oidctoken - Create" in the REST API of Azure DevOps, version 7.1.
 *
 * @throws {CliError} `usage` that names the variable which is missing, or where the URL is not https.
 */
export function askAzurePipelines(dependencies: CredentialDependencies): FoundCredential | null {
  const { env } = dependencies;
  const address = env.get(URL_VARIABLE);
  if (address === undefined) return null;
  const bearer = env.get(TOKEN_VARIABLE);
  if (bearer === undefined) {
    throw missing(TOKEN_VARIABLE, "Hand it to the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)");
  }
  const connection = env.get(CONNECTION_VARIABLE);
  if (connection === undefined) {
    throw missing(
      CONNECTION_VARIABLE,
      "The tasks AzureCLI@2 and AzurePowerShell@5 set it; elsewhere set it to the service connection's ID.",
    );
  }
  const url = checkHttps(address, URL_VARIABLE);
  url.searchParams.set("api-version", "7.1");
  url.searchParams.set("serviceConnectionId", connection);
  const request = {
    system: "Azure Pipelines",
    method: "POST",
    url,
    bearer: new Secret(bearer),
    field: "oidcToken",
    // A refusal is to be a refusal, not a redirect to a page to sign in at.
    headers: { "x-tfs-fedauthredirect": "Suppress" },
  } as const;
  return {
    credential: { kind: "assertion", read: () => fetchAssertion(request, dependencies) },
    from: "Azure Pipelines",
  };
}

function missing(name: string, hint: string): CliError {
  return new CliError("usage", `This is a job of Azure Pipelines, and ${name} is not set`, { hint });
}
