import { assertEquals, assertStringIncludes } from "@std/assert";
import { noTraffic } from "../../../src/loopback/callback_traffic.ts";
import { timeoutError } from "../../../src/flows/timeout_error.ts";

const NOTHING = noTraffic();

Deno.test("timeoutError() has the specification's words", () => {
  const error = timeoutError({ port: 50000, traffic: NOTHING });
  assertEquals([error.code, error.message, error.exitCode], [
    "timeout",
    "Timeout waiting for authentication callback",
    5,
  ]);
});

Deno.test("timeoutError() says that nothing came, or what did", () => {
  const silent = timeoutError({ port: 50000, traffic: NOTHING });
  assertStringIncludes(silent.hint ?? "", "Nothing reached port 50000");
  const traffic = { ...NOTHING, requests: 3, wrongState: 2, wrongPath: 1 };
  const busy = timeoutError({ port: 50000, traffic: traffic });
  assertStringIncludes(busy.hint ?? "", "3 requests reached port 50000");
  assertStringIncludes(busy.hint ?? "", "(2 with a state that is not this sign-in's, 1 for another path)");
});

Deno.test("timeoutError() tells the ways on that the specification names", () => {
  const { hint = "" } = timeoutError({ port: 50000, traffic: NOTHING });
  for (const words of ["http://localhost", "firewall", "browser", "--port 8080", "--timeout"]) {
    assertStringIncludes(hint, words);
  }
});
