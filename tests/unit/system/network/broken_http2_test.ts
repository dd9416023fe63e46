import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { systemNetwork } from "../../../../src/system/network/deno_network.ts";
import { NetworkError } from "../../../../src/system/network/network_error.ts";
import { makeServerCertificate } from "../../../support/provider/certificate.ts";
import { type Responder, sendAll, startRawServer } from "../../../support/network/raw_server.ts";

/** The sizes of the connection preface and of a frame header (RFC 9113 sections 3.4 and 4.1). */
const PREFACE = 24;
const FRAME_HEAD = 9;

/** Returns a frame of less than 64 KB. */
function frame(type: number, flags: number, stream: number, payload: readonly number[]): number[] {
  return [0, payload.length >> 8, payload.length & 255, type, flags, 0, 0, 0, stream, ...payload];
}

const SETTINGS = frame(4, 0, 0, []);
/** `:status: 200` with END_HEADERS. */
const HEADERS = frame(1, 4, 1, [0x88]);
const DATA = frame(0, 0, 1, [...new TextEncoder().encode('{"access_token":')]);
const resetStream = (code: number) => frame(3, 0, 1, [0, 0, 0, code]);
const goAway = (code: number) => frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, code]);
/** A header of 8 KB and its continuation: a literal name and value (RFC 7541 section 6.2.2). */
const LARGE = [0x88, 0, 1, 0x78, 0x7f, 0x81, 0x3f, ...Array(8192).fill(0x79)];
const LARGE_HEADERS = [frame(1, 0, 1, LARGE), ...Array(64).fill(frame(9, 0, 1, LARGE.slice(1)))].flat();

/** Responds with frames once a request arrives. */
function answer(...frames: readonly number[][]): Responder {
  return async (connection, received) => {
    await sendAll(connection, new Uint8Array(SETTINGS));
    let request = received.slice();
    const buffer = new Uint8Array(16 * 1024);
    while (!hasRequest(request)) {
      const count = await connection.read(buffer);
      if (count === null) return;
      request = new Uint8Array([...request, ...buffer.subarray(0, count)]);
    }
    await sendAll(connection, new Uint8Array(frames.flat()));
    // Without frames the connection closes at once; otherwise the client must read everything first.
    if (frames.length > 0) await connection.read(buffer);
  };
}

function hasRequest(received: Uint8Array): boolean {
  let offset = PREFACE;
  while (offset + FRAME_HEAD <= received.length) {
    if (received[offset + 3] === 1) return true;
    const [high = 0, middle = 0, low = 0] = received.subarray(offset, offset + 3);
    offset += FRAME_HEAD + high * 65_536 + middle * 256 + low;
  }
  return false;
}

const CASES: readonly (readonly [string, Responder, string])[] = [
  ["ends the stream", answer(resetStream(2)), "HOST closed the connection before it responded"],
  [
    "ends the stream without a reason",
    answer(resetStream(0)),
    "HOST closed the connection before it responded",
  ],
  ["ends the connection", answer(goAway(11)), "HOST closed the connection before it responded"],
  ["closes the connection", answer(), "HOST closed the connection before it responded"],
  [
    "ends the stream in the body",
    answer(HEADERS, DATA, resetStream(2)),
    "The response from HOST is incomplete",
  ],
  [
    "ends the connection in the body",
    answer(HEADERS, DATA, goAway(2)),
    "The response from HOST is incomplete",
  ],
  ["sends garbage", answer(Array(64).fill(0xff)), "HOST sent an invalid HTTP response"],
  [
    "sends headers without an end",
    answer(LARGE_HEADERS),
    "The response headers from HOST are too large",
  ],
];

for (const [what, responder, message] of CASES) {
  Deno.test(`systemNetwork() names the problem when an HTTP/2 server ${what}`, async () => {
    const certificate = await makeServerCertificate();
    await using server = startRawServer(responder, certificate, "h2");
    const network = systemNetwork([certificate.caPem], { get: () => undefined });
    const { signal } = new AbortController();
    const request = { url: server.origin, method: "POST", headers: {}, body: "grant_type=x" } as const;
    const error = await network.send({ ...request, timeoutMs: 30_000, maxBytes: 10_000, signal })
      .catch((thrown: unknown) => thrown);
    assertInstanceOf(error, NetworkError, Deno.inspect(error));
    assertEquals(error.message.replace(`localhost:${server.port}`, "HOST"), message);
    assert(error.mayHaveArrived);
  });
}
