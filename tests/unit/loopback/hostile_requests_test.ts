import { assert, assertEquals, assertMatch } from "@std/assert";
import type { CallbackServer } from "../../../src/loopback/callback_server.ts";
import {
  exchange,
  finishSignIn,
  GOOD_FORM,
  postForm,
  readAll,
  startServer,
  STATE,
  writeAll,
} from "../../support/fixtures/callback_fixture.ts";

/** Sends a request line and headers, with `Connection: close`. */
function request(server: CallbackServer, line: string, headers: readonly string[]): Promise<string> {
  return exchange(server.port, [line, ...headers, "Connection: close", "", ""].join("\r\n"));
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]);
}

/** Sends a head, then up to 300 parts of a body until a response arrives, and returns its status. */
async function statusWhileSending(port: number, head: string, part: string): Promise<number> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const encoder = new TextEncoder();
  const sending = (async () => {
    await writeAll(connection, encoder.encode(head));
    for (let count = 0; count < 300; count++) await writeAll(connection, encoder.encode(part));
  })();
  const buffer = new Uint8Array(1024);
  const count = await connection.read(buffer);
  connection.close();
  await sending;
  return statusOf(new TextDecoder().decode(buffer.subarray(0, count ?? 0)));
}

const CALLBACK = `/?${GOOD_FORM}`;

Deno.test("A callback for another host is refused", async () => {
  await using server = await startServer();
  for (
    const host of [
      "evil.example",
      `evil.example:${server.port}`,
      "localhost",
      "a b<script>",
      `localhost:${server.port}.`,
    ]
  ) {
    assertEquals(statusOf(await request(server, `GET ${CALLBACK} HTTP/1.1`, [`Host: ${host}`])), 421, host);
  }
  assertEquals(server.traffic.wrongHost, 5);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A callback without a Host, with two, or for a foreign absolute target is refused", async () => {
  await using server = await startServer();
  const host = `Host: localhost:${server.port}`;
  assertEquals(statusOf(await request(server, `GET ${CALLBACK} HTTP/1.1`, [])), 421);
  assertEquals(statusOf(await request(server, `GET ${CALLBACK} HTTP/1.0`, [])), 421);
  const twoHosts = await request(server, `GET ${CALLBACK} HTTP/1.1`, [host, "Host: evil.example"]);
  assert([400, 421].includes(statusOf(twoHosts)), twoHosts.slice(0, 60));
  assertEquals(statusOf(await request(server, `GET http://evil.example${CALLBACK} HTTP/1.1`, [host])), 421);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("An absolute target that names this server is accepted, as HTTP requires", async () => {
  await using server = await startServer();
  const target = `http://localhost:${server.port}/`;
  assertEquals(
    statusOf(await request(server, `GET ${target} HTTP/1.1`, [`Host: localhost:${server.port}`])),
    200,
  );
});

Deno.test("A callback on another path is refused", async () => {
  await using server = await startServer();
  for (const path of ["/callback", "//", "/./", "/%2e", "/index.html", "/favicon.ico/", "*"]) {
    const answer = await request(server, `GET ${path}?${GOOD_FORM} HTTP/1.1`, [
      `Host: localhost:${server.port}`,
    ]);
    assert([400, 404, 421].includes(statusOf(answer)), `${path}: ${answer.slice(0, 30)}`);
  }
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A callback with another method is refused", async () => {
  await using server = await startServer();
  for (const method of ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "BREW"]) {
    const answer = await request(server, `${method} ${CALLBACK} HTTP/1.1`, [
      `Host: localhost:${server.port}`,
    ]);
    assertEquals(statusOf(answer), 405, method);
    assertMatch(answer, /^allow: GET, POST\r$/im);
  }
  const connect = await request(server, `CONNECT localhost:${server.port} HTTP/1.1`, [
    `Host: localhost:${server.port}`,
  ]);
  assertEquals(statusOf(connect), 405);
  assertEquals(server.traffic.wrongMethod, 8);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A trace does not echo its headers", async () => {
  await using server = await startServer();
  const answer = await request(server, "TRACE / HTTP/1.1", [
    `Host: localhost:${server.port}`,
    "Cookie: canary",
  ]);
  assert(!answer.includes("canary"));
});

Deno.test("A form from a page without https or in another format is refused", async () => {
  await using server = await startServer();
  const type = "Content-Type: application/x-www-form-urlencoded";
  const post = (headers: readonly string[]) =>
    exchange(
      server.port,
      [
        "POST / HTTP/1.1",
        `Host: localhost:${server.port}`,
        `Content-Length: ${GOOD_FORM.length}`,
        "Connection: close",
      ]
        .concat(headers, "", GOOD_FORM).join("\r\n"),
    );
  assertEquals(statusOf(await post([type, "Origin: http://evil.example"])), 403);
  assertEquals(statusOf(await post(["Content-Type: text/plain"])), 415);
  assertEquals(statusOf(await post([])), 415);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("Parameters that are repeated, malformed or contain control characters are refused and not echoed", async () => {
  await using server = await startServer();
  const forms = [
    `${GOOD_FORM}&state=${STATE}`,
    `${GOOD_FORM}&code=another`,
    `code=%ZZcanary&state=${STATE}`,
    `code=canary%00&state=${STATE}`,
    `code=canary%0D%0ASet-Cookie:+canary&state=${STATE}`,
    `code=%C0%AFcanary&state=${STATE}`,
    `error_description=%3Cscript%3Ecanary&state=${STATE}`,
    `code=${"canary".repeat(10_000)}&state=${STATE}`,
  ];
  for (const form of forms) {
    const { status, page } = await postForm(server, form);
    assertEquals(status, 400, form.slice(0, 60));
    assert(!page.includes("canary"), form.slice(0, 60));
  }
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("HTML in an error description without the right state does not reach a page", async () => {
  await using server = await startServer();
  const description = encodeURIComponent(`<script>canary()</script>"><img src=x onerror=canary()>`);
  const { status, page } = await postForm(
    server,
    `error=access_denied&error_description=${description}&state=x`,
  );
  assertEquals(status, 400);
  assert(!page.includes("canary"));
});

Deno.test("Garbage and a TLS greeting are refused", async () => {
  await using server = await startServer();
  const garbage = "\x00\xff\xfe\x07garbage\r\n\r\n";
  const tlsHello = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\x5a".repeat(32) +
    "\x00\x00\x02\x13\x01\x01\x00";
  for (const bytes of [garbage, tlsHello + "\r\n\r\n"]) {
    const answer = await exchange(server.port, bytes);
    assert(answer === "" || statusOf(answer) === 400, answer);
  }
  assertEquals(server.traffic.requests, 0);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A callback over HTTP/2 is refused", async () => {
  await using server = await startServer();
  const text = (value: string) => String.fromCharCode(value.length) + value;
  const fields = `\x82\x86\x44${text(CALLBACK)}\x41${text(`localhost:${server.port}`)}`;
  const settings = "\0\0\0\x04\0\0\0\0\0";
  const headers = `\0\0${String.fromCharCode(fields.length)}\x01\x05\0\0\0\x01${fields}`;
  assertEquals(
    await exchange(server.port, `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings}${headers}`),
    "",
  );
  assertEquals([server.traffic.requests, server.traffic.unreadable], [0, 1]);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("Only the first of two requests in one connection gets a response", async () => {
  await using server = await startServer();
  const visit = `GET / HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`;
  const answer = await exchange(server.port, visit + visit);
  assertEquals(answer.match(/^HTTP\/1\.1 200 /gm)?.length, 1);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A form with Expect: 100-continue is accepted", async () => {
  await using server = await startServer();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head = [
    "POST / HTTP/1.1",
    `Host: localhost:${server.port}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${GOOD_FORM.length}`,
    "Expect: 100-continue",
    "",
    "",
  ].join("\r\n");
  await writeAll(connection, new TextEncoder().encode(head));
  const buffer = new Uint8Array(100);
  const count = await connection.read(buffer);
  assertMatch(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), /^HTTP\/1\.1 100 /);
  await writeAll(connection, new TextEncoder().encode(GOOD_FORM));
  const callback = await server.waitForCallback(new AbortController().signal);
  callback.showOutcome({ kind: "signed-in", username: null });
  assertMatch(await readAll(connection), /^HTTP\/1\.1 200 [^]*<\/html>\n$/);
});

Deno.test("A body of 20 MB is refused, with or without Content-Length", async () => {
  await using server = await startServer();
  const head = [
    "POST / HTTP/1.1",
    `Host: localhost:${server.port}`,
    "Content-Type: application/x-www-form-urlencoded",
    "Connection: close",
  ];
  const announced = [...head, "Content-Length: 20000000", "", ""].join("\r\n");
  assertEquals(await statusWhileSending(server.port, announced, ""), 413);
  const chunked = [...head, "Transfer-Encoding: chunked", "", ""].join("\r\n");
  assertEquals(await statusWhileSending(server.port, chunked, `10000\r\n${"x".repeat(0x10000)}\r\n`), 413);
  assertEquals(server.traffic.malformed, 2);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A target of 1 MB and 1000 headers are refused", async () => {
  await using server = await startServer();
  const host = `Host: localhost:${server.port}`;
  const long = await request(server, `GET /?code=${"x".repeat(1_000_000)}&state=${STATE} HTTP/1.1`, [host]);
  assert(long === "" || statusOf(long) >= 400, long.slice(0, 60));
  const many = Array.from({ length: 1000 }, (_, index) => `X-Header-${index}: ${index}`);
  const crowded = await request(server, `GET ${CALLBACK} HTTP/1.1`, [host, ...many]);
  assert(crowded === "" || statusOf(crowded) >= 400, crowded.slice(0, 60));
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A hundred forged callbacks do not block the real one", async () => {
  await using server = await startServer();
  const forged = Array.from(
    { length: 100 },
    (_, index) => postForm(server, `code=forged&state=guess-${index}`),
  );
  const statuses = new Set((await Promise.all(forged)).map(({ status }) => status));
  assertEquals([...statuses], [400]);
  assertEquals(server.traffic.wrongState, 100);
  assertEquals(await finishSignIn(server), "good-code");
});
