import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { noTraffic } from "../../../src/loopback/callback_traffic.ts";
import {
  candidatePorts,
  listenNotPermitted,
  listenOnLoopback,
  type LoopbackListener,
  type PortChoice,
  portError,
} from "../../../src/loopback/listen_on_loopback.ts";
import { freePort } from "../../support/network/ports.ts";
import { exchange, HAS_IPV6 } from "../../support/fixtures/callback_fixture.ts";

function listen(
  choice: PortChoice,
  handle: () => Response = () => new Response("ok"),
): LoopbackListener {
  return listenOnLoopback(choice, {
    handle,
    handleFailure: () => new Response("failed", { status: 500 }),
    traffic: noTraffic(),
    os: "linux",
  });
}

/** Occupies a free port on one address only. */
function occupy(hostname: string): Deno.TcpListener {
  return Deno.listen({ hostname, port: freePort() });
}

function assertPortInUse(choice: PortChoice, message: string): void {
  const error = assertThrows(() => listen(choice), CliError, message);
  assertEquals(error.code, "port_in_use");
}

for (const hostname of ["127.0.0.1", "::1"]) {
  const ignore = hostname === "::1" && !HAS_IPV6;

  Deno.test({
    name:
      `listenOnLoopback() refuses an exact port that is busy only on ${hostname}, and leaves no socket open`,
    ignore,
    fn: () => {
      using busy = occupy(hostname);
      const { port } = busy.addr;
      assertPortInUse({ kind: "exact", port }, `Port ${port} is already in use`);
      const other = hostname === "::1" ? "127.0.0.1" : "::1";
      if (other === "::1" && !HAS_IPV6) return;
      Deno.listen({ hostname: other, port }).close();
    },
  });

  Deno.test({
    name: `listenOnLoopback() skips a port of a range that is busy only on ${hostname}`,
    ignore,
    fn: async () => {
      using busy = occupy(hostname);
      const first = busy.addr.port;
      await using listener = listen({ kind: "range", first, last: first + 50 });
      assert(listener.port > first && listener.port <= first + 50);
    },
  });
}

Deno.test("listenOnLoopback() reports that no port of a range is free", () => {
  using busy = occupy("127.0.0.1");
  const { port } = busy.addr;
  assertPortInUse(
    { kind: "range", first: port, last: port },
    `No port from ${port} to ${port} is free`,
  );
});

Deno.test("listenOnLoopback() never shares its port with a second listener", async () => {
  await using listener = listen({ kind: "random" });
  assertPortInUse({ kind: "exact", port: listener.port }, `Port ${listener.port} is already in use`);
});

Deno.test("listenOnLoopback() responds to a request whose handler failed, and continues", async () => {
  const outcomes = [() => new Response("ok"), (): Response => {
    throw new Error("A fault of the handler");
  }];
  await using listener = listen({ kind: "random" }, () => outcomes.pop()?.() ?? new Response(null));
  const statuses: string[] = [];
  for (let count = 0; count < 2; count++) {
    const answer = await exchange(listener.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    statuses.push(answer.slice(0, 12));
  }
  assertEquals(statuses, ["HTTP/1.1 500", "HTTP/1.1 200"]);
});

Deno.test("listenOnLoopback() can be closed while a response never completes", async () => {
  const listener = listenOnLoopback({ kind: "random" }, {
    handle: () => new Promise(() => {}),
    handleFailure: () => new Response(null, { status: 500 }),
    traffic: noTraffic(),
    os: "linux",
  });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await listener[Symbol.asyncDispose]();
  await assertRejects(
    () => Deno.connect({ hostname: "127.0.0.1", port: listener.port }),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("candidatePorts() yields only an exact port", () => {
  assertEquals([...candidatePorts({ kind: "exact", port: 8080 })], [8080]);
});

Deno.test("candidatePorts() yields a range in order, with both ends", () => {
  assertEquals([...candidatePorts({ kind: "range", first: 8000, last: 8003 })], [8000, 8001, 8002, 8003]);
});

Deno.test("candidatePorts() yields different random ports from 49152 to 65535", () => {
  const ports: number[] = [];
  for (let round = 0; round < 10; round++) ports.push(...candidatePorts({ kind: "random" }));
  assertEquals(ports.length, 1000);
  assert(ports.every((port) => Number.isInteger(port) && port >= 49152 && port <= 65535));
  assert(new Set(ports).size > 900);
});

Deno.test("portError() names the busy port, alternatives, and the command that shows what uses it", () => {
  const error = portError({ kind: "exact", port: 8080 }, "in-use", "linux");
  assertEquals(error.code, "port_in_use");
  assertEquals(error.message, "Port 8080 is already in use");
  assertEquals(
    error.hint,
    "Use another port: --port 8081\nOr omit --port to use a random free port.\nSee what uses it: lsof -i :8080",
  );
});

Deno.test("portError() names the command of Windows", () => {
  const error = portError({ kind: "exact", port: 8080 }, "in-use", "windows");
  assertStringIncludes(error.hint ?? "", "netstat -ano | findstr :8080");
});

Deno.test("portError() never suggests a port above 65535", () => {
  const error = portError({ kind: "exact", port: 65535 }, "in-use", "darwin");
  assertStringIncludes(error.hint ?? "", "--port 65534\n");
});

Deno.test("portError() distinguishes a reserved port from a busy one", () => {
  const low = portError({ kind: "exact", port: 80 }, "reserved", "linux");
  assertEquals(low.message, "The system does not allow listening on port 80");
  assertStringIncludes(
    low.hint ?? "",
    "Ports below 1024 often need administrator rights. Use another port: --port 8080",
  );
  const high = portError({ kind: "exact", port: 50000 }, "reserved", "windows");
  assertStringIncludes(high.hint ?? "", "The system reserves it. Use another port: --port 50001");
});

Deno.test("portError() names the range without a free port", () => {
  const error = portError({ kind: "range", first: 8000, last: 8100 }, "in-use", "linux");
  assertEquals(error.code, "port_in_use");
  assertEquals(error.message, "No port from 8000 to 8100 is free");
  assertStringIncludes(error.hint ?? "", "--port-range");
});

Deno.test("listenNotPermitted() names the flag to add and keeps the cause", () => {
  const cause = new Error("Requires net access");
  const error = listenNotPermitted(cause);
  assertEquals(error.code, "permission");
  assertEquals(error.exitCode, 8);
  assertStringIncludes(error.hint ?? "", "--allow-net=127.0.0.1,[::1]");
  assertEquals(error.cause, cause);
});
