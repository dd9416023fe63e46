import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { listenForCallback } from "../../../src/loopback/callback_server.ts";
import { Secret } from "../../../src/text/secret.ts";
import {
  GOOD_FORM,
  HAS_IPV6,
  NEVER,
  postForm,
  readAll,
  startServer,
  writeAll,
} from "../../support/fixtures/callback_fixture.ts";

/** Fails unless `port` is free at once, on both address families. */
async function assertPortIsFree(port: number): Promise<void> {
  await using again = await listenForCallback({ kind: "exact", port }, {
    state: new Secret("another"),
    acceptsIssuer: () => true,
  });
  assertEquals(again.port, port);
}

Deno.test("Disposing of the server frees the port on both address families", async () => {
  const server = await startServer();
  await server[Symbol.asyncDispose]();
  for (const hostname of ["127.0.0.1", ...HAS_IPV6 ? ["::1"] : []]) {
    await assertRejects(() => Deno.connect({ hostname, port: server.port }), Deno.errors.ConnectionRefused);
  }
  await assertPortIsFree(server.port);
});

Deno.test("Disposing of the server sends the outcome page first", async () => {
  const server = await startServer();
  const browser = postForm(server, GOOD_FORM);
  const callback = await server.waitForCallback(NEVER);
  callback.showOutcome({ kind: "signed-in", username: "alice@contoso.example" });
  await server[Symbol.asyncDispose]();
  assertStringIncludes((await browser).page, "alice@contoso.example");
});

Deno.test("Disposing of the server directs a held browser to the terminal", async () => {
  const server = await startServer();
  const browser = postForm(server, GOOD_FORM);
  await server.waitForCallback(NEVER);
  await server[Symbol.asyncDispose]();
  assertStringIncludes((await browser).page, "Return to the terminal");
});

Deno.test("Disposing of the server ends a wait", async () => {
  const server = await startServer();
  const waiting = server.waitForCallback(NEVER);
  const ended = assertRejects(() => waiting, DOMException, "The callback server was closed");
  await server[Symbol.asyncDispose]();
  await ended;
});

Deno.test("Disposing of the server twice is harmless", async () => {
  const server = await startServer();
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

Deno.test("Slow, idle and incomplete clients do not keep the port busy", async () => {
  const server = await startServer();
  const host = `Host: localhost:${server.port}\r\n`;
  const beginnings = [
    "",
    "POST / HT",
    `POST / HTTP/1.1\r\n${host}Content-Type: applic`,
    `POST / HTTP/1.1\r\n${host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\ncode=a`,
    `POST / HTTP/1.1\r\n${host}Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na`,
    `GET / HTTP/1.1\r\n${host}\r\n`,
  ];
  const connections: Deno.Conn[] = [];
  for (let round = 0; round < 10; round++) {
    for (const beginning of beginnings) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      await writeAll(connection, new TextEncoder().encode(beginning));
      connections.push(connection);
    }
  }
  const browser = postForm(server, GOOD_FORM);
  const callback = await server.waitForCallback(NEVER);
  callback.showOutcome({ kind: "signed-in", username: null });
  assertEquals((await browser).status, 200);

  await server[Symbol.asyncDispose]();
  for (const connection of connections) {
    await readAll(connection);
    connection.close();
  }
  await assertPortIsFree(server.port);
});
