import { assertEquals } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { type ApiCall, callApi } from "../../../src/flows/call_api.ts";
import type { HttpResponse } from "../../../src/system/network/network.ts";
import { Secret } from "../../../src/text/secret.ts";
import { FakeClock } from "../../support/machine/fake_clock.ts";

const NOW = Date.UTC(2026, 0, 1);
const HOST = "https://api.example";

function page(document: unknown, status = 200, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(document)) };
}

/** Makes a call, and returns the URLs and tokens that were sent, and the statuses of the pages or the code of the error. */
async function call(replies: HttpResponse[], given: Partial<ApiCall> = {}, lifetimeSeconds = 3600) {
  const sent: string[] = [];
  const clock = new FakeClock(NOW);
  let tokens = 0;
  const request: ApiCall = {
    method: "GET",
    url: new URL(`${HOST}/list`),
    headers: {},
    body: undefined,
    paginate: true,
    acceptRedirect: false,
    timeoutMs: 60_000,
    ...given,
  };
  const calling = callApi(request, {
    network: {
      send({ url, headers }) {
        sent.push(`${url} ${headers.authorization}`);
        return Promise.resolve(replies.shift() ?? page({}, 500));
      },
    },
    clock,
    signal: new AbortController().signal,
    progress: () => {},
    getToken: (claims) =>
      Promise.resolve({
        accessToken: new Secret(`${++tokens}${claims ?? ""}`),
        tokenType: "Bearer",
        scopes: [],
        expiresAt: NOW / 1000 + lifetimeSeconds,
        account: null,
      }),
    claimsIn: (challenge) => challenge === "" ? null : challenge,
  });
  const outcome = await calling.then(
    (pages) => pages.map(({ status }) => status),
    (error) => error instanceof CliError ? error.code : Promise.reject(error),
  );
  return { sent, outcome };
}

Deno.test("callApi() follows links to pages of the same origin only, and not in a circle", async () => {
  const token = "Bearer 1";
  const good = await call([page({ nextLink: `${HOST}/2` }), page({ "@odata.nextLink": "" })]);
  assertEquals(good, { sent: [`${HOST}/list ${token}`, `${HOST}/2 ${token}`], outcome: [200, 200] });
  const links = [
    "http://api.example/2",
    "https://api.example:8443/2",
    "https://api.example.evil.example/2",
    "https://a@api.example/2",
    "//evil.example/2",
    "/2",
  ];
  for (const nextLink of links) {
    const { sent, outcome } = await call([page({ nextLink })]);
    assertEquals([sent.length, outcome], [1, "invalid_response"], nextLink);
  }
  const circle = await call([page({ nextLink: `${HOST}/2` }), page({ nextLink: `${HOST}/list` })]);
  assertEquals([circle.sent.length, circle.outcome], [2, "invalid_response"]);
  assertEquals((await call([page({ nextLink: `${HOST}/2` })], { paginate: false })).outcome, [200]);
});

Deno.test("callApi() answers one claims challenge, and gets a new token before one expires", async () => {
  const challenge = page({}, 401, { "www-authenticate": "{c}" });
  const { sent, outcome } = await call([challenge, page({ nextLink: `${HOST}/2` }), challenge]);
  const tokens = sent.map((line) => line.split("Bearer ")[1]);
  assertEquals([tokens, outcome], [["1", "2{c}", "2{c}"], "access_denied"]);
  assertEquals((await call([page({}, 403, { "www-authenticate": "{c}" })])).sent.length, 1);
  const short = await call([page({ nextLink: `${HOST}/2` }), page({})], {}, 20);
  assertEquals(short.sent.map((line) => line.split("Bearer ")[1]), ["1", "2"]);
});

Deno.test("callApi() repeats a throttled request within the time limit, and no other failure", async () => {
  const throttled = (seconds: string, status = 429) => page({}, status, { "retry-after": seconds });
  assertEquals((await call([throttled("20"), throttled("20", 503), page({})])).outcome, [200]);
  for (const reply of [throttled("60"), throttled(""), page({}, 500, { "retry-after": "1" })]) {
    const { sent, outcome } = await call([reply, page({})]);
    assertEquals([sent.length, outcome], [1, "network"]);
  }
  assertEquals(
    (await call([throttled("20"), throttled("20"), throttled("20"), page({})])).outcome,
    "network",
  );
});

Deno.test("callApi() takes a redirect for an error unless it is asked for", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const moved = page({}, status, { location: "https://evil.example/" });
    assertEquals((await call([moved, page({})])).outcome, "request_failed");
    assertEquals(await call([moved], { acceptRedirect: true }), {
      sent: [`${HOST}/list Bearer 1`],
      outcome: [status],
    });
  }
  for (
    const [status, code] of [[400, "request_failed"], [404, "request_failed"], [
      401,
      "access_denied",
    ]] as const
  ) {
    assertEquals((await call([page({}, status), page({})])).outcome, code);
  }
});
