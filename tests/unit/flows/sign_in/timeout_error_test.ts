import { assertEquals, assertStringIncludes } from "@std/assert";
import { timeoutError } from "../../../../src/flows/sign_in/interactive_sign_in.ts";

const SERVER = { port: 50000, describeTraffic: () => "Three requests came." };

Deno.test("timeoutError() has the specification's words", () => {
  const error = timeoutError(SERVER);
  assertEquals([error.code, error.message, error.exitCode], [
    "timeout",
    "Timeout waiting for authentication callback",
    5,
  ]);
});

Deno.test("timeoutError() tells what came, where it listened, and the ways on that the specification names", () => {
  const { hint = "" } = timeoutError(SERVER);
  const ways = ["http://localhost", "firewall", "browser", "--port 8080", "--timeout", "explain AADSTS50011"];
  for (const words of ["Three requests came.", "port 50000", ...ways]) assertStringIncludes(hint, words);
});
