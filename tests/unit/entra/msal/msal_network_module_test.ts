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

interface Guarded {
  readonly guarded: AuthorityNetworkModule;
  readonly network: MemoryNetwork;
  readonly reported: ReportedError[];
}

function guard(
  answer: () => HttpResponse | Promise<HttpResponse>,
  signal = new AbortController().signal,
): Guarded {
  const network = memoryNetwork(answer);
  const reported: ReportedError[] = [];
  const guarded = authorityNetworkModule({
    network,
    authority: AUTHORITY,
    signal,
    sending: SENDING,
    clock: new FakeClock(NOW_MS),
    onReportedError: (error) => {
      reported.push(error);
      return new CliError("sign_in_failed", "as reported");
    },
  });
  return { guarded, network, reported };
}

function post(guarded: AuthorityNetworkModule, url = TOKEN_URL): Promise<unknown> {
  return guarded.sendPostRequestAsync(url, { body: "grant_type=x", headers: { "Content-Type": "text/x" } });
}

async function postRefusal(answer: HttpResponse): Promise<CliError> {
  const { guarded } = guard(() => answer);
  const error = await assertRejects(() => post(guarded), CliError);
  assertStrictEquals(guarded.failure, error);
  assertEquals(guarded.tokenResponse, null);
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
    const { guarded, network } = guard(() => jsonResponse(goodTokenResponse()));
    await assertRejects(() => post(guarded, url), CliError, "not its own");
    await assertRejects(() => guarded.sendGetRequestAsync(url), CliError, "not its own");
    assertEquals(network.requests, []);
  }
});

Deno.test("authorityNetworkModule() sends the request with its limits", async () => {
  const { signal } = new AbortController();
  const { guarded, network } = guard(() => jsonResponse(goodTokenResponse()), signal);
  await post(guarded);
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
  });
  assertStrictEquals(request?.signal, signal);
});

Deno.test("authorityNetworkModule() records the validated token response of a POST and metadata of a GET", async () => {
  const post1 = guard(() => jsonResponse(goodTokenResponse()));
  await post(post1.guarded);
  const { accessToken, ...facts } = post1.guarded.tokenResponse ?? {};
  assertEquals(accessToken?.reveal(), "access-token-1");
  assertEquals(facts, { expiresInSeconds: 3600, scopes: ["User.Read"], idToken: null });
  assertEquals(post1.guarded.metadata, null);
  const get = guard(() => jsonResponse(goodMetadata()));
  await get.guarded.sendGetRequestAsync(METADATA_URL);
  assertEquals(get.guarded.metadata, { issuer: `${BASE}/${TENANT_ID}/v2.0`, namesIssuerInResponse: false });
  assertEquals([get.guarded.tokenResponse, get.guarded.failure], [null, null]);
});

Deno.test("authorityNetworkModule() does not follow a redirect, not even to the same host", async () => {
  for (const status of [301, 302, 303, 307, 308, 304]) {
    const { guarded, network } = guard(() => textResponse("{}", status, { location: `${BASE}/elsewhere` }));
    const error = await assertRejects(() => post(guarded), CliError, "redirect");
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
      // A page that stands for the whole network is a trouble of the network's.
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
    const { guarded, reported } = guard(() =>
      jsonResponse({
        ...goodTokenResponse(),
        error: "invalid_grant",
        error_description: "AADSTS50173: The grant is revoked.",
        correlation_id: "c-1",
      }, status)
    );
    await assertRejects(() => post(guarded), CliError, "as reported");
    assertEquals(reported.length, 1);
    assertObjectMatch(reported[0] ?? {}, {
      error: "invalid_grant",
      description: "AADSTS50173: The grant is revoked.",
      aadsts: "AADSTS50173",
      correlationId: "c-1",
    });
    assertEquals(guarded.tokenResponse, null);
  }
});

Deno.test("authorityNetworkModule() passes on a reported error without a description", async () => {
  const { guarded, reported } = guard(() =>
    jsonResponse({ error: "invalid_client", error_description: 1 }, 401)
  );
  await assertRejects(() => post(guarded), CliError, "as reported");
  assertEquals(reported.map(({ error, description }) => [error, description]), [["invalid_client", null]]);
});

Deno.test("authorityNetworkModule() records any error of the network", async () => {
  for (const thrown of [new CliError("network", "unplugged"), new TypeError("a fault")]) {
    const { guarded } = guard(() => Promise.reject(thrown));
    assertStrictEquals(await assertRejects(() => post(guarded)), thrown);
    assertStrictEquals(guarded.failure, thrown);
  }
});
