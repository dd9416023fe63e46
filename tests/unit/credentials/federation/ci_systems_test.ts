import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { exchangeAudience, findCiAssertion } from "../../../../src/credentials/federation/ci_systems.ts";
import { CliError } from "../../../../src/errors.ts";
import { jsonResponse, memoryNetwork, textResponse } from "../../../support/fixtures/entra_fixture.ts";
import { credentialDependencies } from "../../../support/fixtures/credential_fixture.ts";

const AUTHORITY = "https://login.microsoftonline.com";
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqb2IifQ.c2lnbmF0dXJl";
const GITHUB = {
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://token.actions.example/request?api-version=2.0",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job-token",
};
const AZURE = {
  SYSTEM_OIDCREQUESTURI: "https://dev.azure.example/contoso/oidctoken",
  SYSTEM_ACCESSTOKEN: "job-token",
  AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: "connection-1",
};

/** Finds the job's token with `variables` from a CI system that sends `response`. */
function find(variables: Record<string, string>, response = jsonResponse({}), authority = AUTHORITY) {
  const network = memoryNetwork(() => response);
  return { network, found: findCiAssertion(authority, credentialDependencies({ variables, network })) };
}

async function read({ found }: ReturnType<typeof find>): Promise<string> {
  assert(found?.credential.kind === "assertion");
  return (await found.credential.read()).reveal();
}

function refusal(variables: Record<string, string>): CliError {
  const error = assertThrows(() => find(variables), CliError);
  assertEquals(error.code, "usage");
  assert(!`${error.message} ${error.hint}`.includes("job-token"));
  return error;
}

Deno.test("The exchange audience is the one of the authority's cloud", () => {
  assertEquals(exchangeAudience("https://login.microsoftonline.com"), "api://AzureADTokenExchange");
  assertEquals(exchangeAudience("https://login.microsoftonline.us"), "api://AzureADTokenExchangeUSGov");
  assertEquals(
    exchangeAudience("https://login.partner.microsoftonline.cn"),
    "api://AzureADTokenExchangeChina",
  );
  assertEquals(exchangeAudience("https://login.example.org"), "api://AzureADTokenExchange");
});

Deno.test("Outside of a CI system there is no job token", () => {
  const { found, network } = find({ CI: "true" });
  assertEquals([found, network.requests], [null, []]);
});

Deno.test("GitHub Actions is asked for a token with the audience of the authority's cloud, at the time of use", async () => {
  const asked = find(GITHUB, jsonResponse({ value: JWT }), "https://login.microsoftonline.us");
  assertEquals([asked.found?.from, asked.network.requests], ["GitHub Actions", []]);
  assertEquals(await read(asked), JWT);
  const [request] = asked.network.requests;
  assertEquals([request?.method, request?.headers.authorization], ["GET", "Bearer job-token"]);
  assertEquals(
    request?.url,
    "https://token.actions.example/request?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchangeUSGov",
  );
});

Deno.test("Azure Pipelines is asked for the token of the service connection, without a redirect to a sign-in page", async () => {
  const asked = find(AZURE, jsonResponse({ oidcToken: JWT }));
  assertEquals(asked.found?.from, "Azure Pipelines");
  assertEquals(await read(asked), JWT);
  const [request] = asked.network.requests;
  assertEquals([request?.method, request?.headers.authorization], ["POST", "Bearer job-token"]);
  assertEquals(request?.headers["x-tfs-fedauthredirect"], "Suppress");
  assertEquals(
    request?.url,
    "https://dev.azure.example/contoso/oidctoken?api-version=7.1&serviceConnectionId=connection-1",
  );
});

Deno.test("GitHub Actions wins over Azure Pipelines", () => {
  assertEquals(find({ ...AZURE, ...GITHUB }).found?.from, "GitHub Actions");
});

Deno.test("A missing variable of a CI system is named with the way to set it", () => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = GITHUB;
  const noToken = refusal({ ACTIONS_ID_TOKEN_REQUEST_URL: url });
  assertEquals(noToken.message, "ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set");
  assertStringIncludes(noToken.hint ?? "", "id-token: write");
  assertEquals(
    refusal({ ACTIONS_ID_TOKEN_REQUEST_TOKEN: token }).message,
    "ACTIONS_ID_TOKEN_REQUEST_URL is not set",
  );
  for (const missing of ["SYSTEM_ACCESSTOKEN", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"]) {
    const rest = Object.fromEntries(Object.entries(AZURE).filter(([name]) => name !== missing));
    assertStringIncludes(refusal(rest).message, `${missing} is not set`);
  }
});

Deno.test("The job's own token is sent over https only, to a URL without a user name", () => {
  for (
    const url of ["http://ci.example/token", "https://ada@ci.example/", "https://:pass@ci.example/", "x", ""]
  ) {
    assertEquals(
      refusal({ ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_URL: url }).message,
      "Invalid $ACTIONS_ID_TOKEN_REQUEST_URL: expected an https URL",
    );
    assertEquals(
      refusal({ ...AZURE, SYSTEM_OIDCREQUESTURI: url }).message,
      "Invalid $SYSTEM_OIDCREQUESTURI: expected an https URL",
    );
  }
});

Deno.test("A response without a token is an error that does not quote it", async () => {
  const responses = [
    jsonResponse({ value: JWT }, 403),
    jsonResponse({ value: "canary" }),
    jsonResponse({ value: 1 }),
    jsonResponse({ message: "canary" }),
    jsonResponse([JWT]),
    textResponse("<html>canary"),
    textResponse(""),
  ];
  for (const response of responses) {
    const error = await assertRejects(() => read(find(GITHUB, response)), CliError);
    assert(["sign_in_failed", "usage"].includes(error.code), error.code);
    assertStringIncludes(error.message, "GitHub Actions");
    assert(!/canary|job-token|eyJ/.test(`${error.message} ${error.hint}`), error.message);
  }
});
