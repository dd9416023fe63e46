import {
  assertEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { entraAuthority } from "../../../../src/entra/authority.ts";
import {
  type AuthorityNetworkModule,
  authorityNetworkModule,
} from "../../../../src/entra/msal/msal_network_module.ts";
import { assertAllowed, type Sending } from "../../../../src/entra/msal/send_to_authority.ts";
import type { ReportedError } from "../../../../src/entra/errors/reported_error.ts";
import type { HttpResponse } from "../../../../src/system/network/network.ts";
import {
  BASE,
  goodMetadata,
  goodTokenResponse,
  HOST,
  jsonResponse,
  type MemoryNetwork,
  memoryNetwork,
  NOW_MS,
  TENANT_ID,
  textResponse,
} from "../../../support/fixtures/entra_fixture.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";

const AUTHORITY = entraAuthority(BASE, TENANT_ID);
const TOKEN_URL = `${BASE}/${TENANT_ID}/oauth2/v2.0/token`;
const METADATA_URL = `${BASE}/${TENANT_ID}/v2.0/.well-known/openid-configuration`;
const SENDING: Sending = {
  timeLeftMs: () => 12_000,
  repeatGet: "always",
  repeatPost: "unprocessed",
  obeysThrottle: true,
};
const CANARY = "s3cret-canary";

interface Opened {
  readonly module: AuthorityNetworkModule;
  readonly network: MemoryNetwork;
  readonly reported: ReportedError[];
}

function open(
  answer: () => HttpResponse | Promise<HttpResponse>,
  signal = new AbortController().signal,
): Opened {
  const network = memoryNetwork(answer);
  const reported: ReportedError[] = [];
  const module = authorityNetworkModule({
    network,
    authority: AUTHORITY,
    signal,
    sending: SENDING,
    clock: new FakeClock(NOW_MS),
    onReportedError: (error) => {
      reported.push(error);
      return Promise.resolve(new CliError("sign_in_failed", "as reported"));
    },
  });
  return { module, network, reported };
}

function post(module: AuthorityNetworkModule, url = TOKEN_URL): Promise<unknown> {
  return module.sendPostRequestAsync(url, { body: "grant_type=x", headers: { "Content-Type": "text/x" } });
}

async function postRefusal(answer: HttpResponse): Promise<CliError> {
  const { module } = open(() => answer);
  const error = await assertRejects(() => post(module), CliError);
  assertStrictEquals(module.failure, error);
  assertEquals(module.tokenResponse, null);
  return error;
}

Deno.test("assertAllowed() accepts only https on the authority's own host", () => {
  assertAllowed(TOKEN_URL, AUTHORITY);
  for (
    const url of [
      `http://${HOST}/x`,
      "https://login.example/x",
      "https://login.example:8444/x",
      `https://${HOST}.evil.example/x`,
      `https://${HOST}@evil.example/x`,
      `https://ada@${HOST}/x`,
      `https://:pass@${HOST}/x`,
      `ftp://${HOST}/x`,
    ]
  ) {
    const error = assertThrows(() => assertAllowed(url, AUTHORITY), CliError, undefined, url);
    assertEquals(error.code, "invalid_response");
  }
});

Deno.test("assertAllowed() names the address without user name, password, path and query", () => {
  const error = assertThrows(
    () => assertAllowed(`https://${CANARY}:${CANARY}@evil.example/${CANARY}?code=${CANARY}`, AUTHORITY),
    CliError,
    "https://evil.example",
  );
  assertEquals(error.message.includes(CANARY), false);
});

Deno.test("authorityNetworkModule() sends nothing to an address that is not the authority's", async () => {
  for (const url of [`http://${HOST}/token`, "https://evil.example/token", `https://ada@${HOST}/token`]) {
    const { module, network } = open(() => jsonResponse(goodTokenResponse()));
    await assertRejects(() => post(module, url), CliError, "not its own");
    await assertRejects(() => module.sendGetRequestAsync(url), CliError, "not its own");
    assertEquals(network.requests, []);
  }
});

Deno.test("authorityNetworkModule() sends the request with its limits", async () => {
  const { signal } = new AbortController();
  const { module, network } = open(() => jsonResponse(goodTokenResponse()), signal);
  await post(module);
  const [request] = network.requests;
  assertEquals(request, {
    url: TOKEN_URL,
    method: "POST",
    headers: { "Content-Type": "text/x", accept: "application/json" },
    body: "grant_type=x",
    timeoutMs: 12_000,
    maxBytes: 1024 * 1024,
    signal,
    retry: "unprocessed",
    obeysThrottle: true,
    backsOff: undefined,
  });
  assertStrictEquals(request?.signal, signal);
});

Deno.test("authorityNetworkModule() records the validated token response of a POST and metadata of a GET", async () => {
  const post1 = open(() => jsonResponse(goodTokenResponse()));
  await post(post1.module);
  const { accessToken, ...facts } = post1.module.tokenResponse ?? {};
  assertEquals(accessToken?.reveal(), "access-token-1");
  assertEquals(facts, {
    expiresInSeconds: 3600,
    refreshInSeconds: null,
    scopes: ["User.Read"],
    idToken: null,
  });
  assertEquals(post1.module.metadata, null);
  const get = open(() => jsonResponse(goodMetadata()));
  await get.module.sendGetRequestAsync(METADATA_URL);
  assertEquals(get.module.metadata, { issuer: `${BASE}/${TENANT_ID}/v2.0`, namesIssuerInResponse: false });
  assertEquals([get.module.tokenResponse, get.module.failure], [null, null]);
});

Deno.test("authorityNetworkModule() does not follow a redirect, not even to the same host", async () => {
  for (const status of [301, 302, 303, 307, 308, 304]) {
    const { module, network } = open(() => textResponse("{}", status, { location: `${BASE}/elsewhere` }));
    const error = await assertRejects(() => post(module), CliError, "redirect");
    assertEquals(error.code, "invalid_response");
    assertEquals(network.requests.length, 1);
  }
});

Deno.test("authorityNetworkModule() reports 429 and 5xx as network errors, so that a cached token can still be used", async () => {
  for (const status of [429, 500, 502, 503, 504]) {
    const error = await postRefusal(textResponse(`<html>${CANARY}`, status));
    assertEquals(error.code, "network");
    assertStringIncludes(error.message, String(status));
    assertEquals(error.message.includes(CANARY), false);
  }
});

Deno.test("authorityNetworkModule() keeps the error code and correlation ID of a 5xx", async () => {
  for (const status of [429, 503]) {
    const error = await postRefusal(
      jsonResponse({
        error: "temporarily_unavailable",
        error_description: `AADSTS90033: ${CANARY}`,
        error_codes: [90033],
        correlation_id: "c-1",
      }, status),
    );
    assertEquals([error.code, error.aadsts, error.correlationId], ["network", "AADSTS90033", "c-1"]);
    assertStringIncludes(error.message, String(status));
    assertEquals(error.message.includes(CANARY), false);
  }
});

Deno.test("authorityNetworkModule() rejects a body that is not a JSON object without quoting it", async () => {
  const bodies = [
    `<${CANARY}`,
    `${CANARY}</html>`,
    `"${CANARY}"`,
    `["${CANARY}"]`,
    `{"access_token":"${CANARY}"`,
    "null",
    "1",
    "true",
    "",
  ];
  for (const body of bodies) {
    for (const status of [200, 400]) {
      const error = await postRefusal(textResponse(body, status));
      // A web page comes from the network, not from the authority.
      assertEquals(error.code, body.startsWith("<") ? "network" : "invalid_response", body);
      assertEquals((error.message + error.hint + Deno.inspect(error.cause)).includes(CANARY), false, body);
    }
  }
});

Deno.test("authorityNetworkModule() reports other JSON as not a JSON object", async () => {
  for (const body of ["[]", "null", '"x"', "1"]) {
    assertStringIncludes((await postRefusal(textResponse(body))).message, "not a JSON object");
  }
});

Deno.test("authorityNetworkModule() rejects a token in a response without status 200", async () => {
  for (const status of [201, 204, 400, 401, 403, 404]) {
    const error = await postRefusal(jsonResponse(goodTokenResponse(), status));
    assertEquals(error.code, "invalid_response");
    assertStringIncludes(error.message, String(status));
  }
});

Deno.test("authorityNetworkModule() rejects an empty object as token response", async () => {
  assertStringIncludes((await postRefusal(jsonResponse({}))).message, "access_token");
});

Deno.test("authorityNetworkModule() passes on a reported error despite the status and other members", async () => {
  for (const status of [200, 400, 401]) {
    const { module, reported } = open(() =>
      jsonResponse({
        ...goodTokenResponse(),
        error: "invalid_grant",
        error_description: "AADSTS50173: The grant is revoked.",
        correlation_id: "c-1",
      }, status)
    );
    await assertRejects(() => post(module), CliError, "as reported");
    assertEquals(reported.length, 1);
    assertObjectMatch(reported[0] ?? {}, {
      error: "invalid_grant",
      description: "AADSTS50173: The grant is revoked.",
      aadsts: "AADSTS50173",
      correlationId: "c-1",
    });
    assertEquals(module.tokenResponse, null);
  }
});

Deno.test("authorityNetworkModule() passes on a reported error without a description", async () => {
  const { module, reported } = open(() =>
    jsonResponse({ error: "invalid_client", error_description: 1 }, 401)
  );
  await assertRejects(() => post(module), CliError, "as reported");
  assertEquals(reported.map(({ error, description }) => [error, description]), [["invalid_client", null]]);
});

Deno.test("authorityNetworkModule() records any error of the network", async () => {
  for (const thrown of [new CliError("network", "unplugged"), new TypeError("a fault")]) {
    const { module } = open(() => Promise.reject(thrown));
    assertStrictEquals(await assertRejects(() => post(module)), thrown);
    assertStrictEquals(module.failure, thrown);
  }
});
