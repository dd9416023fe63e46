import { assertEquals } from "@std/assert";
import { fetchOnce } from "../../../support/network/fetch_once.ts";
import { occupyPort } from "../../../support/network/ports.ts";
import { makeServerCertificate } from "../../../support/provider/certificate.ts";
import { startProxy } from "../../../support/network/proxy.ts";
import {
  respond,
  respondAndWait,
  type Responder,
  startRawServer,
} from "../../../support/network/raw_server.ts";

/** Requests `url` in a separate process, since Deno reads the variables itself, and returns its output. */
async function ask(
  url: string,
  variables: Readonly<Record<string, string>>,
  timeoutMs = 30_000,
): Promise<string> {
  const [deno, ...args] = fetchOnce(url, timeoutMs);
  const command = new Deno.Command(deno, { args, env: { ...variables }, stdin: "null" });
  return new TextDecoder().decode((await command.output()).stdout);
}

const LOGIN = "https://login.invalid/";

/** The behavior of a proxy, the scheme of its address, and the message. */
const PROXIES: readonly (readonly [string, string, Responder, string])[] = [
  ["ends the connection", "http", respond(""), "The proxy PROXY closed the connection"],
  [
    "speaks another protocol",
    "http",
    respond("SSH-2.0-x\r\n"),
    "The proxy PROXY refused to connect to login.invalid",
  ],
  [
    "responds with a redirect",
    "http",
    respond("HTTP/1.1 302 Found\r\nlocation: http://portal.example/\r\n\r\n"),
    "The proxy PROXY refused to connect to login.invalid",
  ],
  [
    "opens a tunnel and closes it",
    "http",
    respond("HTTP/1.1 200 OK\r\n\r\n"),
    "login.invalid closed the connection during the TLS handshake (through the proxy PROXY)",
  ],
  [
    "does not speak TLS",
    "https",
    respond("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "login.invalid sent an invalid TLS response (through the proxy PROXY)",
  ],
  [
    "does not speak SOCKS",
    "socks5h",
    respond("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "The proxy PROXY sent an invalid SOCKS response",
  ],
  [
    "forbids the host",
    "socks5",
    async (connection, received) => {
      await respond(new Uint8Array([5, 0]))(connection, received);
      await connection.read(new Uint8Array(1000));
      await respond(new Uint8Array([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]))(connection, received);
    },
    "The proxy PROXY refused to connect to login.invalid",
  ],
  [
    "accepts no authentication method",
    "socks5h",
    respond(new Uint8Array([5, 0xff])),
    "The proxy PROXY requires a valid user name and password",
  ],
];

for (const [what, scheme, responder, message] of PROXIES) {
  Deno.test(`systemNetwork() names the problem of a proxy (${scheme}) that ${what}`, async () => {
    await using proxy = startRawServer(responder);
    const address = `127.0.0.1:${proxy.port}`;
    const said = await ask(LOGIN, { HTTPS_PROXY: `${scheme}://${address}` });
    assertEquals(said.replace(address, "PROXY"), `CliError: ${message}`);
  });
}

Deno.test("systemNetwork() names a proxy that is unreachable or does not respond", async () => {
  const gone = occupyPort();
  gone[Symbol.dispose]();
  for (const [scheme, what] of [["http", "refused the connection"], ["socks5", "could not be reached"]]) {
    const said = await ask(LOGIN, { HTTPS_PROXY: `${scheme}://127.0.0.1:${gone.port}` });
    assertEquals(said, `CliError: The proxy 127.0.0.1:${gone.port} ${what}`);
  }
  const unknown = await ask(LOGIN, { ALL_PROXY: "http://ada:s3same@proxy.invalid:3128" });
  assertEquals(unknown, "CliError: Could not resolve the address of the proxy proxy.invalid:3128");
  await using silent = startRawServer(respondAndWait(""));
  const said = await ask(LOGIN, { HTTPS_PROXY: `http://127.0.0.1:${silent.port}` }, 300);
  assertEquals(
    said,
    `CliError: No response from login.invalid within 0.3 s (through the proxy 127.0.0.1:${silent.port})`,
  );
});

Deno.test("systemNetwork() names the proxy of an untrusted certificate", async () => {
  await using server = startRawServer(respond(""), await makeServerCertificate());
  await using proxy = startProxy();
  const said = await ask(server.origin, { HTTPS_PROXY: proxy.url });
  const address = proxy.url.replace("http://", "");
  assertEquals(
    said,
    `CliError: The TLS certificate of localhost:${server.port} is not trusted (through the proxy ${address})`,
  );
});
