import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import type { Environment } from "../../../../src/system/environment.ts";
import { systemNetwork } from "../../../../src/system/network/deno_network.ts";
import type { HttpRequest } from "../../../../src/system/network/network.ts";
import { NetworkError } from "../../../../src/system/network/network_error.ts";
import { occupyPort } from "../../../support/network/ports.ts";
import { makeSelfSignedCertificate, makeServerCertificate } from "../../../support/provider/certificate.ts";
import {
  openBlackHole,
  respond,
  respondAndWait,
  type Responder,
  startRawServer,
} from "../../../support/network/raw_server.ts";

const NO_PROXY: Environment = { get: () => undefined };

function request(url: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  const { signal } = new AbortController();
  return { url, method: "GET", headers: {}, timeoutMs: 30_000, maxBytes: 1000, signal, ...changes };
}

/** Returns the error of a failing exchange. */
async function errorOf(url: string, changes: Partial<HttpRequest> = {}, roots: string[] = []) {
  const error = await assertRejects(() => systemNetwork(roots, NO_PROXY).send(request(url, changes)));
  assertInstanceOf(error, NetworkError);
  assertEquals(error.code, "network");
  assert(error.hint !== undefined);
  return error;
}

const OK = "HTTP/1.1 200 OK\r\n";

/** The behavior of a server, the message, whether the error is transient, and whether the request may have arrived. */
const ANSWERS: readonly (readonly [string, Responder, RegExp, boolean, boolean])[] = [
  ["nothing", respond(""), /^HOST closed the connection before it responded$/, true, true],
  [
    "half a status line",
    respond("HTTP/1.1 20"),
    /^HOST closed the connection before it responded$/,
    true,
    true,
  ],
  ["half a header", respond(`${OK}content-`), /^HOST closed the connection before it responded$/, true, true],
  [
    "half a body",
    respond(`${OK}content-length: 9\r\n\r\n{`),
    /^The response from HOST is incomplete$/,
    true,
    true,
  ],
  [
    "half a chunk",
    respond(`${OK}transfer-encoding: chunked\r\n\r\n9\r\n{`),
    /^The response from HOST is incomplete$/,
    true,
    true,
  ],
  [
    "no last chunk",
    respond(`${OK}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`),
    /^The response from HOST is incomplete$/,
    true,
    true,
  ],
  [
    "invalid gzip",
    respond(`${OK}content-encoding: gzip\r\ncontent-length: 20\r\n\r\n${"x".repeat(20)}`),
    /^The response from HOST could not be decompressed$/,
    false,
    true,
  ],
  [
    "a header of 2 MB",
    respond(`${OK}x-large: ${"y".repeat(2 * 1024 * 1024)}\r\ncontent-length: 0\r\n\r\n`),
    /^The response headers from HOST are too large$/,
    false,
    true,
  ],
  [
    "a thousand headers",
    respond(`${OK}${"x-many: y\r\n".repeat(1000)}content-length: 0\r\n\r\n`),
    /^The response headers from HOST are too large$/,
    false,
    true,
  ],
  ["another protocol", respond("SSH-2.0-x\r\n"), /^HOST sent an invalid HTTP response$/, false, true],
];

for (const [what, responder, message, isTransient, mayHaveArrived] of ANSWERS) {
  Deno.test(`systemNetwork() names the problem when the response is ${what}`, async () => {
    await using server = startRawServer(responder);
    const error = await errorOf(server.origin);
    assertMatch(error.message.replace(`localhost:${server.port}`, "HOST"), message);
    assertEquals([error.isTransient, error.mayHaveArrived], [isTransient, mayHaveArrived]);
  });
}

/** A TLS 1.0 ServerHello: record header, message header, version, random, no session, cipher, no compression. */
const OLD_TLS = new Uint8Array([22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1, ...Array(32).fill(7), 0, 0xc0, 0x13, 0]);
/** The alerts handshake_failure and protocol_version. */
const [ALERT, OLD_ALERT] = [40, 70].map((reason) => new Uint8Array([21, 3, 3, 0, 2, 2, reason]));

const BROKEN_TLS: readonly (readonly [string, Responder, RegExp, boolean])[] = [
  ["plain HTTP", respond("HTTP/1.1 400 Bad Request\r\n\r\n"), /^HOST sent an invalid TLS response$/, false],
  ["TLS 1.0", respondAndWait(OLD_TLS), /^HOST supports neither TLS 1.2 nor TLS 1.3$/, false],
  ["a refusal of TLS 1.2", respond(OLD_ALERT ?? ""), /^HOST supports neither TLS 1.2 nor TLS 1.3$/, false],
  ["a refusal of TLS", respond(ALERT ?? ""), /^HOST sent an invalid TLS response$/, false],
  ["nothing", respond(""), /^HOST closed the connection during the TLS handshake$/, true],
];

for (const [what, responder, message, isTransient] of BROKEN_TLS) {
  Deno.test(`systemNetwork() names the problem when a TLS server sends ${what}`, async () => {
    await using server = startRawServer(responder);
    const error = await errorOf(server.origin.replace("http:", "https:"));
    assertMatch(error.message.replace(`localhost:${server.port}`, "HOST"), message);
    assertEquals([error.isTransient, error.mayHaveArrived], [isTransient, false]);
  });
}

Deno.test("systemNetwork() rejects an invalid certificate and names the problem", async () => {
  const good = await makeServerCertificate();
  const cases = [
    ["is not trusted", good, []],
    ["is not trusted", await makeSelfSignedCertificate(), [good.caPem]],
    ["has expired", await makeServerCertificate({ validDays: [-9, -1] }), "its own"],
    ["is not yet valid", await makeServerCertificate({ validDays: [1, 9] }), "its own"],
    ["is for another host name", await makeServerCertificate({ names: ["login.example"] }), "its own"],
  ] as const;
  for (const [what, certificate, roots] of cases) {
    await using server = startRawServer(respond(`${OK}content-length: 0\r\n\r\n`), certificate);
    const trusted = roots === "its own" ? [certificate.caPem] : [...roots];
    const error = await errorOf(server.origin, {}, trusted);
    assertEquals(error.message, `The TLS certificate of localhost:${server.port} ${what}`);
    assertEquals([error.isTransient, error.mayHaveArrived], [false, false]);
    assertEquals(server.received.some((data) => data.length > 0), false, "nothing is sent");
  }
});

Deno.test("systemNetwork() distinguishes an unknown host from a refused connection", async () => {
  const unknown = await errorOf("https://login.invalid/");
  assertEquals(unknown.message, "Could not resolve the address of login.invalid");
  const free = occupyPort();
  free[Symbol.dispose]();
  const refused = await errorOf(`https://localhost:${free.port}/`);
  assertEquals(refused.message, `localhost:${free.port} refused the connection`);
  for (const error of [unknown, refused]) {
    assertEquals([error.isTransient, error.mayHaveArrived], [true, false]);
  }
});

Deno.test("systemNetwork() times out sooner for a connection than for a response", async () => {
  using hole = await openBlackHole();
  const url = `https://localhost:${hole.port}/`;
  const lost = await errorOf(url, { connectTimeoutMs: 200 });
  assertEquals(lost.message, `No connection to localhost:${hole.port} within 0.2 s`);
  const hurried = await errorOf(url, { timeoutMs: 100 });
  assertEquals(hurried.message, `No connection to localhost:${hole.port} within 0.1 s`);
  // The first connection may have been established before packets were lost.
  assertEquals([lost.isTransient, lost.mayHaveArrived], [true, true]);
});

Deno.test("systemNetwork() waits longer for a response once it is connected", async () => {
  const silences: readonly (readonly [string, Responder, "http:" | "https:"])[] = [
    ["nothing at all", respondAndWait(""), "http:"],
    ["no TLS", respondAndWait(""), "https:"],
    ["half a head", respondAndWait("HTTP/1.1 200 OK\r\n"), "http:"],
    ["half a body", respondAndWait(`${OK}content-length: 9\r\n\r\n{`), "http:"],
  ];
  await Promise.all(silences.map(async ([what, responder, scheme]) => {
    await using server = startRawServer(responder);
    const url = server.origin.replace("http:", scheme);
    const error = await errorOf(url, { connectTimeoutMs: 2000, timeoutMs: 2300 });
    assertEquals(error.message, `No response from localhost:${server.port} within 2.3 s`, what);
    assertEquals([error.isTransient, error.mayHaveArrived], [true, true]);
  }));
});

Deno.test("systemNetwork() opens no second connection once a response has begun", async () => {
  await using server = startRawServer(async (connection, received) => {
    await respond(`${OK}content-length: 2\r\n\r\n{`)(connection, received);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await respond("}")(connection, received);
  });
  const { body } = await systemNetwork([], NO_PROXY).send(request(server.origin, { connectTimeoutMs: 2000 }));
  assertEquals([body.length, server.received.length], [2, 1]);
});

Deno.test("systemNetwork() ends a response that arrives byte by byte when its time is up", async () => {
  await using server = startRawServer(async (connection, received) => {
    await respond(`${OK}content-length: 1000000\r\n\r\n`)(connection, received);
    for (;;) {
      await respond("x")(connection, received);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  const error = await errorOf(server.origin, { timeoutMs: 1000 });
  assertEquals(error.message, `No response from localhost:${server.port} within 1 s`);
});

Deno.test("systemNetwork() ends an endless response at its size limit", async () => {
  const block = new Uint8Array(64 * 1024).fill(0x20);
  const endless: Responder = async (connection, received) => {
    await respond(`${OK}content-type: application/json\r\n\r\n`)(connection, received);
    for (;;) await respond(block)(connection, received);
  };
  await using server = startRawServer(endless);
  const error = await errorOf(server.origin, { maxBytes: 1024 * 1024 });
  assertEquals(error.message, `The response from localhost:${server.port} is larger than 1048576 bytes`);
});
