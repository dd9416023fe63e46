import { assertEquals, assertMatch } from "@std/assert";
import { probeLoopback } from "../../../../src/system/network/loopback_probe.ts";

const NEVER = new AbortController().signal;

Deno.test("probeLoopback() connects to itself on 127.0.0.1", async () => {
  assertEquals(await probeLoopback("127.0.0.1", NEVER), { kind: "connected" });
});

Deno.test("probeLoopback() reports an address that the machine does not have", async () => {
  // Reserved for documentation (RFC 5737), so no machine has it.
  assertEquals(await probeLoopback("192.0.2.1", NEVER), { kind: "no-address" });
});

Deno.test("probeLoopback() ends when its signal is aborted", async () => {
  const late = AbortSignal.abort(new Error("too late"));
  const answer = await probeLoopback("127.0.0.1", late);
  assertEquals(answer.kind, "blocked");
  assertMatch(answer.kind === "blocked" ? answer.reason : "", /too late/);
});
