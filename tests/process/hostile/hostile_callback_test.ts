import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { occupyPort } from "../../support/network/ports.ts";
import { ADA } from "../../support/provider/directory.ts";
import { exchangeRaw } from "../../support/network/raw_http.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { printFigures } from "../../support/program/print_figures.ts";

function portOf(url: string): number {
  return Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port);
}

const METHODS = [
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "CONNECT",
  "PRI",
  "g",
  "",
];
const PATHS = [
  "/",
  "/?",
  "/callback",
  "//",
  "/../",
  "/%2f",
  "/favicon.ico",
  "*",
  "http://evil.example/",
  "/\x00",
];
const STATES = ["", "wrong", "%00", "%ff", "a".repeat(5000), "STATE&state=STATE", "state"];
const HEADERS = [
  "Host: evil.example",
  "Host: localhost",
  "Host: localhost:PORT\r\nHost: evil.example",
  "Host: localhost:PORT\r\nOrigin: http://evil.example",
  "Host: localhost:PORT\r\nTransfer-Encoding: chunked",
  "Host: localhost:PORT\r\nContent-Length: -1",
  "Host: localhost:PORT\r\nContent-Length: 5\r\nContent-Length: 6",
  "Host: localhost:PORT\r\nContent-Type: multipart/form-data; boundary=x",
  "Host: localhost:PORT\r\nUpgrade: websocket\r\nConnection: Upgrade",
  `Host: localhost:PORT\r\n${"X-Y: z\r\n".repeat(2000)}`,
  " Host: folded",
  "",
];
const BYTES = [
  "\x16\x03\x01\x02\x00\x01\x00",
  "\x80\x2e\x01\x00\x02",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\r\n\r\n\r\n",
  "GET",
  "SSH-2.0-x\r\n",
  "\x00".repeat(3000),
  `GET /${"a".repeat(200_000)} HTTP/1.1\r\n\r\n`,
];

/** Raw requests, none of which is the redirect. */
function* hostileRequests(port: number): Generator<string> {
  const host = `Host: localhost:${port}`;
  for (const method of METHODS) {
    for (const path of PATHS) yield `${method} ${path} HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`;
  }
  for (const state of STATES) {
    for (const rest of ["code=x", "error=access_denied", "error=x&error_description=%1b%5b2J", "iss=x", ""]) {
      const form = `${rest}&state=${state}`;
      yield `GET /?${form} HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`;
      yield `POST / HTTP/1.1\r\n${host}\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        `Content-Length: ${form.length}\r\nConnection: close\r\n\r\n${form}`;
    }
  }
  for (const headers of HEADERS) {
    yield `POST / HTTP/1.1\r\n${headers.replaceAll("PORT", String(port))}\r\n\r\ncode=x&state=x`;
  }
  yield* BYTES;
}

Deno.test("hostile requests to the port do not end the sign-in, leak nothing, and the code is redeemed once", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token", "--output", "json"]);
  const url = await sandbox.browser.next();
  const port = portOf(url);
  const state = new URL(url).searchParams.get("state") ?? "";
  const callback = await sandbox.userAgent.authorize(url, ADA);

  const answers: string[] = [];
  const requests = [...hostileRequests(port)];
  // Some never end by themselves. Their connections remain open, as with an attacker.
  const open = await Promise.all(
    requests.slice(-BYTES.length).map(async (bytes) => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(Uint8Array.from(bytes.slice(0, 10_000), (character) => character.charCodeAt(0)))
        .catch(() => {});
      return connection;
    }),
  );
  for (const request of requests.slice(0, -BYTES.length)) {
    // Otherwise these would be waited for.
    answers.push(await exchangeRaw(port, request));
  }
  const page = await sandbox.userAgent.deliver(callback);
  assertEquals(page.status, 200);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertEquals(JSON.parse(result.stdout).account.username, ADA.username);
  assertEquals(sandbox.provider.requestsTo("token").length, 1);
  assert(!answers.some((answer) => answer.includes(state) || answer.includes(callback.params.code ?? "-")));
  const accepted = answers.filter((answer) => /^HTTP\/1\.1 2/.test(answer) && answer.includes("signed in"));
  assertEquals(accepted, []);
  for (const connection of open) connection.close();
  occupyPort(port)[Symbol.dispose]();
  await printFigures("requests that are no callback", requests.length);
});

Deno.test("a redirect that names another host is redeemed at the configured authority", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"]);
  const callback = await sandbox.userAgent.authorize(await sandbox.browser.next(), ADA);
  const params = { ...callback.params, cloud_instance_host_name: "evil.example", cloud_instance_name: "x" };
  await sandbox.userAgent.deliver({ ...callback, params });
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertEquals(sandbox.provider.requestsTo("token").length, 1);
});

Deno.test("a timeout names what reached the port: a silent connection, TLS, another path, a foreign state", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token", "--timeout", "3s"]);
  const port = portOf(await sandbox.browser.next());
  using _silent = await Deno.connect({ hostname: "127.0.0.1", port });
  const host = `Host: localhost:${port}\r\nConnection: close`;
  await exchangeRaw(port, "\x16\x03\x01\x02\x00\x01\x00");
  await exchangeRaw(port, `GET /signin HTTP/1.1\r\n${host}\r\n\r\n`);
  await exchangeRaw(port, `GET /?code=x&state=y HTTP/1.1\r\n${host}\r\n\r\n`);
  const { code, stderr } = await program.ended;
  assertEquals(code, 5);
  assertStringIncludes(
    stderr,
    "2 requests reached the callback server, but not the response to this sign-in " +
      "(1 for another sign-in (wrong state), 1 for another path). Also: 1 connection that sent nothing, " +
      "1 connection over TLS (the URL begins with http://, not https://).",
  );
});
