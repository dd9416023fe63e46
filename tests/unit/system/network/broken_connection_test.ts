import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { systemNetwork } from "../../../../src/system/network/deno_network.ts";
import { NetworkError } from "../../../../src/system/network/network_error.ts";
import { makeServerCertificate, type ServerCertificate } from "../../../support/provider/certificate.ts";
import { sendAll, startRawServer } from "../../../support/network/raw_server.ts";

const BODY = `{"token_type":"Bearer","expires_in":3600,"access_token":"the-secret-token"}`;
const CHUNKED_BODY = `10\r\n${BODY.slice(0, 16)}\r\n${(BODY.length - 16).toString(16)}\r\n${
  BODY.slice(16)
}\r\n0\r\n\r\n`;

/** Complete responses, each to be cut at any byte. */
const ANSWERS: Readonly<Record<string, string>> = {
  "an answer with its length": `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
  "an answer in chunks": `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKED_BODY}`,
};

async function attempt(origin: string, { caPem }: ServerCertificate): Promise<unknown> {
  const { signal } = new AbortController();
  const network = systemNetwork([caPem], { get: () => undefined });
  const request = {
    url: `${origin}/`,
    method: "POST",
    headers: {},
    body: "grant_type=refresh_token",
  } as const;
  try {
    return await network.send({ ...request, timeoutMs: 30_000, maxBytes: 10_000, signal });
  } catch (error) {
    return error;
  }
}

function assertIncomplete(outcome: unknown, what: string): asserts outcome is NetworkError {
  assertInstanceOf(outcome, NetworkError, `${what}: ${Deno.inspect(outcome)}`);
  assert(
    / closed the connection (during the TLS handshake|before it responded)$| is incomplete$/.test(
      outcome.message,
    ),
    `${what}: ${outcome.message}`,
  );
  assertEquals(outcome.isTransient, true, what);
  assert(!(outcome.message + Deno.inspect(outcome.cause)).includes("the-secret-token"), what);
}

for (const [what, answer] of Object.entries(ANSWERS)) {
  Deno.test(`systemNetwork() accepts no response when ${what} ends at any byte`, async () => {
    const certificate = await makeServerCertificate();
    const whole = new TextEncoder().encode(answer);
    let length = 0;
    await using server = startRawServer(
      (connection) => sendAll(connection, whole.subarray(0, length)),
      certificate,
    );
    for (; length < whole.length; length++) {
      const outcome = await attempt(server.origin, certificate);
      assertIncomplete(outcome, `after ${length} bytes`);
      assertEquals(outcome.mayHaveArrived, true, `after ${length} bytes`);
    }
    const outcome = await attempt(server.origin, certificate);
    assert(!(outcome instanceof Error), Deno.inspect(outcome));
    assertEquals(server.received.length, whole.length + 1, "nothing is sent twice");
  });
}

Deno.test("systemNetwork() accepts no response when a TLS connection is cut anywhere", async () => {
  const certificate = await makeServerCertificate();
  const [head = "", body = ""] = (ANSWERS["an answer with its length"] ?? "").split(/(?=\{)/);
  await using server = startRawServer(async (connection) => {
    // Two TLS records, since a cut record yields none of its content.
    for (const part of [head, body]) await sendAll(connection, new TextEncoder().encode(part));
  }, certificate);
  // Forwards only this many bytes of the server.
  let handedOn = 0;
  let limit = 0;
  await using front = startRawServer(async (client, received) => {
    const behind = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    try {
      await Promise.race([handOn(client, behind, received), answerUpTo(limit, behind, client)]);
    } finally {
      behind.close();
    }
  });
  async function answerUpTo(most: number, from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(4096);
    handedOn = 0;
    while (handedOn < most) {
      const count = await from.read(buffer);
      if (count === null) return;
      const data = buffer.subarray(0, Math.min(count, most - handedOn));
      handedOn += data.length;
      await sendAll(to, data);
    }
  }
  const origin = front.origin.replace("http:", "https:");
  limit = Infinity;
  const outcome = await attempt(origin, certificate);
  assert(!(outcome instanceof Error), Deno.inspect(outcome));
  const all = handedOn;
  assert(all > 500);
  // The last bytes one by one; then only the close_notify of TLS is missing.
  const stages = new Set<string>();
  const cuts = [...steps(0, all - 80, 7), ...steps(all - 80, all - 30, 1)];
  for (const cut of cuts) {
    limit = cut;
    const broken = await attempt(origin, certificate);
    assertIncomplete(broken, `after ${cut} of ${all} bytes`);
    stages.add(broken.message.replace(/localhost:\d+/, "HOST"));
  }
  assertEquals(stages.size, 3, [...stages].join());
});

async function handOn(from: Deno.Conn, to: Deno.Conn, first: Uint8Array): Promise<void> {
  await sendAll(to, first);
  const buffer = new Uint8Array(4096);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    await sendAll(to, buffer.subarray(0, count));
  }
}

function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);
}
