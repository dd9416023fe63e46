import { assertEquals, assertStringIncludes } from "@std/assert";
import { listenNotPermitted, portError } from "../../../src/loopback/port_error.ts";

Deno.test("portError() names the busy port, another one, a random one and what uses it", () => {
  const error = portError({ kind: "exact", port: 8080 }, "in-use", "linux");
  assertEquals(error.code, "port_in_use");
  assertEquals(error.message, "Port 8080 is already in use");
  assertEquals(
    error.hint,
    "Use another port: --port 8081\nOr leave --port out to use a random free port.\nSee what uses it: lsof -i :8080",
  );
});

Deno.test("portError() names the command Windows has for it", () => {
  const error = portError({ kind: "exact", port: 8080 }, "in-use", "windows");
  assertStringIncludes(error.hint ?? "", "netstat -ano | findstr :8080");
});

Deno.test("portError() never offers a port above the last one", () => {
  const error = portError({ kind: "exact", port: 65535 }, "in-use", "darwin");
  assertStringIncludes(error.hint ?? "", "--port 65534\n");
});

Deno.test("portError() tells a port that the system keeps from one that is in use", () => {
  const low = portError({ kind: "exact", port: 80 }, "reserved", "linux");
  assertEquals(low.message, "The system does not allow listening on port 80");
  assertStringIncludes(
    low.hint ?? "",
    "Ports below 1024 often need administrator rights. Use another port: --port 8080",
  );
  const high = portError({ kind: "exact", port: 50000 }, "reserved", "windows");
  assertStringIncludes(high.hint ?? "", "The system keeps it for itself. Use another port: --port 50001");
});

Deno.test("portError() names the range that is used up", () => {
  const error = portError({ kind: "range", first: 8000, last: 8100 }, "in-use", "linux");
  assertEquals(error.code, "port_in_use");
  assertEquals(error.message, "No port from 8000 to 8100 is free");
  assertStringIncludes(error.hint ?? "", "--port-range");
});

Deno.test("listenNotPermitted() names the flag to add and keeps the system's error", () => {
  const cause = new Error("Requires net access");
  const error = listenNotPermitted(cause);
  assertEquals(error.code, "permission");
  assertEquals(error.exitCode, 8);
  assertStringIncludes(error.hint ?? "", "--allow-net=127.0.0.1,[::1]");
  assertEquals(error.cause, cause);
});
