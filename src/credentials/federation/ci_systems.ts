import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import type { CredentialDependencies, FoundCredential } from "../client_credential.ts";
import { type AssertionRequest, fetchAssertion } from "./assertion.ts";

/**
 * Finds the token that the CI system issues to the current job, or returns null outside of GitHub Actions and Azure
 * Pipelines.
 *
 * @param authority The base URL of the authority that the token is for.
 * @throws {CliError} `usage` if a variable is missing or its URL is not https.
 */
export function findCiAssertion(
  authority: string,
  dependencies: CredentialDependencies,
): FoundCredential | null {
  const { env } = dependencies;
  const request = gitHubActions(env, authority) ?? azurePipelines(env);
  if (request === null) return null;
  return {
    credential: { kind: "assertion", read: () => fetchAssertion(request, dependencies) },
    from: request.system,
  };
}

type Variables = CredentialDependencies["env"];

/**
 * A workflow's job with the permission `id-token: write` has both variables. See "OpenID Connect" in the reference of
 * GitHub Actions.
 */
function gitHubActions(env: Variables, authority: string): AssertionRequest | null {
  const urlVariable = "ACTIONS_ID_TOKEN_REQUEST_URL";
  const tokenVariable = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
  const address = env.get(urlVariable);
  const bearer = env.get(tokenVariable);
  if (address === undefined && bearer === undefined) return null;
  if (address === undefined || bearer === undefined) {
    throw new CliError("usage", `${address === undefined ? urlVariable : tokenVariable} is not set`, {
      hint: "GitHub Actions sets both variables for a job with the permission id-token: write.",
    });
  }
  const url = httpsUrl(address, urlVariable);
  url.searchParams.set("audience", exchangeAudience(authority));
  return { system: "GitHub Actions", method: "GET", url, bearer: new Secret(bearer), field: "value" };
}

/**
 * A job uses a service connection with workload identity federation. See "Oidctoken - Create" in the REST API of Azure
 * DevOps, version 7.1.
 */
function azurePipelines(env: Variables): AssertionRequest | null {
  const urlVariable = "SYSTEM_OIDCREQUESTURI";
  const address = env.get(urlVariable);
  if (address === undefined) return null;
  const bearer = pipelineVariable(
    env,
    "SYSTEM_ACCESSTOKEN",
    "Pass it to the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)",
  );
  const connection = pipelineVariable(
    env,
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "The tasks AzureCLI@2 and AzurePowerShell@5 set it. In other tasks, set it to the ID of the service connection.",
  );
  const url = httpsUrl(address, urlVariable);
  url.searchParams.set("api-version", "7.1");
  url.searchParams.set("serviceConnectionId", connection);
  return {
    system: "Azure Pipelines",
    method: "POST",
    url,
    bearer: new Secret(bearer),
    field: "oidcToken",
    // Prevents a redirect to a sign-in page in place of an error status.
    headers: { "x-tfs-fedauthredirect": "Suppress" },
  };
}

function pipelineVariable(env: Variables, name: string, hint: string): string {
  const value = env.get(name);
  if (value !== undefined) return value;
  throw new CliError("usage", `This is a job of Azure Pipelines, but ${name} is not set`, { hint });
}

/** The audience of a federated token in the national clouds. */
const NATIONAL_AUDIENCES: Readonly<Record<string, string>> = {
  "login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
  "login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
};

/** Returns the audience that a token must name to be exchanged at `authority`, a base URL. */
export function exchangeAudience(authority: string): string {
  return NATIONAL_AUDIENCES[new URL(authority).hostname] ?? "api://AzureADTokenExchange";
}

/** Parses the URL in the variable `name`. The request carries a secret, so only https is allowed. */
function httpsUrl(text: string, name: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "https:" && url.username === "" && url.password === "") return url;
  throw new CliError("usage", `Invalid $${name}: expected an https URL`, {
    hint: "The CI system sets this variable. Do not set it yourself.",
  });
}
