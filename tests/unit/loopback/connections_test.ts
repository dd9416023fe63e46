import { once } from "node:events";
import { connect } from "node:net";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { noTraffic } from "../../../src/loopback/callback_traffic.ts";
import { MAX_CONNECTIONS } from "../../../src/loopback/relay_server.ts";
import {
  exchange,
  finishSignIn,
  GOOD_FORM,
  NEVER,
  readAll,
  startServer,
  writeAll,
} from "../../support/fixtures/callback_fixture.ts";

const TLS_HELLO = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03";

Deno.test("Silent, TLS and incomplete connections are counted separately", async () => {
  await using server = await startServer();
  assertEquals(await exchange(server.port, TLS_HELLO), "");
  const silent = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const halfway = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await writeAll(halfway, new TextEncoder().encode("GET /?code=x HTT"));
  await halfway.closeWrite();
  await readAll(halfway);
  assertEquals({ ...server.traffic }, { ...noTraffic(), tls: 1, silent: 1, unreadable: 1 });
  assertEquals(
    server.describeTraffic(),
    "No request reached the callback server, but 1 connection that sent nothing, " +
      "1 connection over TLS (the URL begins with http://, not https://), 1 connection without a complete request.",
  );
  silent.close();
  halfway.close();
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("One connection over the limit closes the oldest and leaves the others open", async () => {
  await using server = await startServer();
  const idle: Deno.Conn[] = [];
  for (let count = 0; count <= MAX_CONNECTIONS; count++) {
    idle.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  }
  const [oldest, second] = idle;
  assert(oldest !== undefined && second !== undefined);
  // The server closed it before. Without the limit, the deadline fails the test.
  assertEquals(await deadline(readAll(oldest), 20_000), "");
  await writeAll(
    second,
    new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`),
  );
  assertMatch(await readAll(second), /^HTTP\/1\.1 200 /);
  for (const connection of idle) connection.close();
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("Six hundred idle connections do not block the callback", async () => {
  await using server = await startServer();
  const idle: Deno.Conn[] = [];
  for (let count = 0; count < 600; count++) {
    idle.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  }
  assertEquals(await finishSignIn(server), "good-code");
  for (const connection of idle) connection.close();
});

Deno.test("Six hundred incomplete requests do not block the callback", async () => {
  await using server = await startServer();
  const slow: Deno.Conn[] = [];
  for (let count = 0; count < 600; count++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await writeAll(connection, new TextEncoder().encode("POST / HTTP/1.1\r\nHost: loc"));
    slow.push(connection);
  }
  assertEquals(await finishSignIn(server), "good-code");
  for (const connection of slow) connection.close();
});

Deno.test({
  name: "The inner server refuses direct connections",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const before = await listeningPorts();
    await using server = await startServer();
    const host = `Host: localhost:${server.port}`;
    const behind = [...await listeningPorts()].filter((port) => !before.has(port) && port !== server.port);
    const attempts = await Promise.allSettled(
      behind.map((port) => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    const connections = attempts.flatMap((attempt) => attempt.status === "fulfilled" ? [attempt.value] : []);
    // Other tests listen as well: they need not respond, and may have closed their port by now.
    const refused = await Promise.any(connections.map(async (connection) => {
      await writeAll(connection, new TextEncoder().encode(`GET /?code=x HTTP/1.1\r\n${host}\r\n\r\n`));
      const buffer = new Uint8Array(100);
      const count = await connection.read(buffer);
      assertMatch(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), /^HTTP\/1\.1 403 /);
      return true;
    }));
    assert(refused);
    for (const connection of connections) connection.close();
    assertEquals(server.traffic.requests, 0);
    assertEquals(await finishSignIn(server), "good-code");
  },
});

Deno.test({
  name: "The inner server refuses the port of a relayed connection on another address",
  // Only Linux has all of 127.0.0.0/8 without configuration.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = await startServer();
    using client = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    const begin = () => writeAll(client, new TextEncoder().encode("GET / HTTP/1.1\r\n"));
    const relayed = await connectionDuring(begin);
    const answer = await exchangeFrom(
      { localAddress: "127.0.0.2", localPort: relayed.localAddr.port },
      relayed.remoteAddr.port,
      `GET /?code=x HTTP/1.1\r\nHost: localhost:${server.port}\r\nConnection: close\r\n\r\n`,
    );
    assertMatch(answer, /^HTTP\/1\.1 403 /);
    assertEquals(server.traffic.requests, 0);
    assertEquals(await finishSignIn(server), "good-code");
  },
});

Deno.test("A form that ends the stream with its last byte is received", async () => {
  await using server = await startServer();
  for (let count = 1; count <= 20; count++) {
    assertEquals(await postAndEnd(server.port, "code=x&state=wrong"), 400);
    assertEquals([server.traffic.wrongState, server.traffic.malformed], [count, 0]);
  }
  const posted = postAndEnd(server.port, GOOD_FORM);
  const callback = await deadline(server.waitForCallback(NEVER), 20_000);
  callback.showOutcome({ kind: "signed-in", username: null });
  assertEquals(await posted, 200);
});

Deno.test("A form that ends the stream in the middle of its head frees the connection", async () => {
  await using server = await startServer();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await writeAll(connection, new TextEncoder().encode("POST / HTTP/1.1\r\nHost: x\r\n"));
  await connection.closeWrite();
  await deadline(readAll(connection), 20_000);
  assertEquals([server.traffic.requests, server.traffic.unreadable], [0, 1]);
});

Deno.test("A client that is still sending gets its whole response", async () => {
  await using server = await startServer();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head = `GET /nowhere HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`;
  await writeAll(connection, new TextEncoder().encode(head + "x".repeat(50_000)));
  const answer = await readAll(connection);
  assertEquals([answer.slice(0, 12), answer.endsWith("</html>\n")], ["HTTP/1.1 404", true]);
});

/** Returns the ports in use on the IPv4 loopback address. */
async function listeningPorts(): Promise<Set<number>> {
  const table = await Deno.readTextFile("/proc/net/tcp");
  const listening = table.matchAll(/^\s*\d+: 0100007F:([0-9A-F]{4}) 00000000:0000 0A/gm);
  return new Set([...listening].map(([, port = ""]) => Number.parseInt(port, 16)));
}

/** Posts a form, and ends the stream at once. Returns the status of the response. */
async function postAndEnd(port: number, form: string): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = [
    "POST / HTTP/1.1",
    `Host: localhost:${port}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${form.length}`,
    "Expect: 100-continue",
  ].join("\r\n");
  await writeAll(connection, new TextEncoder().encode(`${head}\r\n\r\n`));
  // "100 Continue": the server is reading the body.
  await connection.read(new Uint8Array(100));
  await writeAll(connection, new TextEncoder().encode(form));
  await connection.closeWrite();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(await readAll(connection))?.[1]);
}

/** Sends `text` from the address and port `local` to `port`, and returns the response. */
async function exchangeFrom(
  local: { localAddress: string; localPort: number },
  port: number,
  text: string,
): Promise<string> {
  // Deno.connect() cannot choose the local address.
  const socket = connect({ host: "127.0.0.1", port, ...local });
  let answer = "";
  socket.setEncoding("latin1").on("data", (part) => answer += part);
  socket.end(text);
  await once(socket, "close");
  return answer;
}

/** Runs `act`, and returns the next connection that this thread opens. */
async function connectionDuring(act: () => Promise<unknown>): Promise<Deno.TcpConn> {
  const { connect } = Deno;
  const opened = Promise.withResolvers<Deno.TcpConn>();
  Object.assign(Deno, {
    async connect(options: Deno.ConnectOptions) {
      const connection = await connect(options);
      opened.resolve(connection);
      return connection;
    },
  });
  try {
    await act();
    return await opened.promise;
  } finally {
    Object.assign(Deno, { connect });
  }
}
