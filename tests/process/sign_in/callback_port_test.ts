import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { redirectPort } from "../../support/browser/user_agent.ts";
import { freePort, occupyPort } from "../../support/network/ports.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { ADA } from "../../support/provider/directory.ts";

Deno.test("get-token listens on a random port from 49152 to 65535", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"]);
  const url = await sandbox.browser.next();
  const port = redirectPort(url);
  assert(port >= 49152 && port <= 65535, String(port));
  await sandbox.userAgent.signIn(url, ADA);
  assertEquals((await program.ended).code, 0);
});

Deno.test("get-token --port listens on that port and frees it", async () => {
  await using sandbox = await openSandbox();
  const port = freePort();
  const program = sandbox.start(["get-token", "--port", String(port)]);
  const url = await sandbox.browser.next();
  assertEquals(redirectPort(url), port);
  await sandbox.userAgent.signIn(url, ADA);
  assertEquals((await program.ended).code, 0);
  occupyPort(port)[Symbol.dispose]();
});

Deno.test("get-token --port-range skips busy ports", async () => {
  await using sandbox = await openSandbox();
  using busy = occupyPort();
  const program = sandbox.start(["get-token", "--port-range", `${busy.port}-${busy.port + 20}`]);
  const url = await sandbox.browser.next();
  const port = redirectPort(url);
  assert(port > busy.port && port <= busy.port + 20, String(port));
  await sandbox.userAgent.signIn(url, ADA);
  assertEquals((await program.ended).code, 0);
});

Deno.test("get-token --port reports a port that is in use, with a command that finds its owner and an alternative", async () => {
  await using sandbox = await openSandbox();
  using busy = occupyPort();
  const result = await sandbox.run(["get-token", "--port", String(busy.port)]);
  assertEquals(result.code, 3);
  assertEquals(result.stdout, "");
  assertMatch(result.stderr, new RegExp(`^error: Port ${busy.port} is already in use\nHint: `));
  assertStringIncludes(result.stderr, Deno.build.os === "windows" ? "netstat" : `lsof -i :${busy.port}`);
  assertStringIncludes(result.stderr, "--port ");
  assertEquals(sandbox.browser.count, 0, "no browser opens if no callback can be received");
});

Deno.test("get-token --port-range reports that no port is free", async () => {
  await using sandbox = await openSandbox();
  using busy = occupyPort();
  const result = await sandbox.run(["get-token", "--port-range", `${busy.port}-${busy.port}`]);
  assertEquals(result.code, 3);
  assertStringIncludes(result.stderr, String(busy.port));
});
