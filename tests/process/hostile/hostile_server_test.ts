import { constants, deflateRawSync } from "node:zlib";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import type { ProgramResult, RunningProgram } from "../../support/program/program.ts";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { respond, type Responder, sendAll, startRawServer } from "../../support/network/raw_server.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

/** Sends `start`, then `block` repeatedly until the client stops reading. */
function endless(start: string, block: Uint8Array): Responder {
  return async (connection, received) => {
    await respond(start)(connection, received);
    for (;;) await sendAll(connection, block);
  };
}

/** A gzip header (RFC 1952), and a deflate block that expands to 1 MB and can be repeated. */
const GZIP = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
const BOMB = deflateRawSync(new Uint8Array(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });

/** Responses that would fill the memory of a client without a limit. */
const FLOODS: Readonly<Record<string, readonly [Responder, RegExp]>> = {
  "a body that never ends": [
    endless(`${HEAD}\r\n`, new Uint8Array(256 * 1024).fill(0x20)),
    /^error: The response from localhost:\d+ is larger than 1048576 bytes$/m,
  ],
  "a body that is said to have 1 GB": [
    endless(`${HEAD}content-length: 1073741824\r\n\r\n`, new Uint8Array(256 * 1024).fill(0x20)),
    /^error: The response from localhost:\d+ is larger than 1048576 bytes$/m,
  ],
  "a bomb of gzip": [
    async (connection, received) => {
      await respond(`${HEAD}content-encoding: gzip\r\n\r\n`)(connection, received);
      await sendAll(connection, Uint8Array.from(GZIP, (character) => character.charCodeAt(0)));
      await endless("", BOMB)(connection, received);
    },
    /^error: The response from localhost:\d+ is larger than 1048576 bytes$/m,
  ],
  "headers that never end": [
    endless(HEAD, new TextEncoder().encode(`x-more: ${"y".repeat(60_000)}\r\n`)),
    /^error: The response headers from localhost:\d+ are too large$/m,
  ],
};

/** The allowed memory, in bytes, beyond that of a run with a small response. */
const GROWTH = 64 * 1024 * 1024;

Deno.test({
  name: "get-token reads no more than its size limit from a flooding authority",
  // Linux reports the peak memory of a process.
  ignore: Deno.build.os !== "linux",
  async fn(test) {
    await using sandbox = await openSandbox();
    const certificate = await makeServerCertificate();
    const caFile = join(sandbox.folder, "flood.pem");
    await Deno.writeTextFile(caFile, certificate.caPem);
    await sandbox.signIn(["get-token"]);
    const store = await Deno.readFile(join(sandbox.home, "tokens.enc"));

    const run = async (responder: Responder) => {
      await using server = startRawServer(responder, certificate);
      const hosts = [`localhost:${server.port}`];
      const args = ["get-token", "--force", "--authority", server.origin, "--ca-cert", caFile];
      return await withPeak(sandbox.start(args, { hosts }));
    };
    const usual = await run(respond("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"));
    assertEquals(usual.result.code, 3, usual.result.stderr);
    for (const [what, [responder, message]] of Object.entries(FLOODS)) {
      await test.step(what, async () => {
        const { result, peak } = await run(responder);
        assertEquals([result.code, result.stdout], [4, ""], result.stderr);
        assertMatch(result.stderr, message);
        assert(peak < usual.peak + GROWTH, `${peak} bytes, ${usual.peak} with a small answer`);
        assertEquals(await Deno.readFile(join(sandbox.home, "tokens.enc")), store);
      });
    }
  },
});

/** Runs a program to its end and returns its peak memory in bytes. */
async function withPeak(program: RunningProgram): Promise<{ result: ProgramResult; peak: number }> {
  let isOver = false;
  let peak = 0;
  const ended = program.ended.finally(() => isOver = true);
  while (!isOver) {
    const status = await Deno.readTextFile(`/proc/${program.pid}/status`).catch(() => "");
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
  return { result: await ended, peak };
}
