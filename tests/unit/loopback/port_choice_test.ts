import { assert, assertEquals } from "@std/assert";
import { candidatePorts } from "../../../src/loopback/port_choice.ts";

Deno.test("candidatePorts() gives an exact port and nothing else", () => {
  assertEquals([...candidatePorts({ kind: "exact", port: 8080 })], [8080]);
});

Deno.test("candidatePorts() gives a range in order, both ends included", () => {
  assertEquals([...candidatePorts({ kind: "range", first: 8000, last: 8003 })], [8000, 8001, 8002, 8003]);
});

Deno.test("candidatePorts() gives random ports from 49152 to 65535 that differ", () => {
  const ports: number[] = [];
  for (let round = 0; round < 10; round++) ports.push(...candidatePorts({ kind: "random" }));
  assertEquals(ports.length, 1000);
  assert(ports.every((port) => Number.isInteger(port) && port >= 49152 && port <= 65535));
  assert(new Set(ports).size > 900);
});
