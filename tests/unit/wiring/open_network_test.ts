import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { createSystem } from "../../../src/system/create_system.ts";
import type { System } from "../../../src/system/system.ts";
import { openNetwork } from "../../../src/wiring/open_network.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

/** A system with one file, and the roots that its network trusts. */
function systemWith(content: string): { system: System; roots: (readonly string[])[] } {
  const roots: (readonly string[])[] = [];
  const { files, ...rest } = createSystem({
    signal: new AbortController().signal,
    forwardSignals: () => ({ [Symbol.dispose]: () => {} }),
  });
  const system: System = {
    ...rest,
    files: { ...files, read: () => Promise.resolve(new TextEncoder().encode(content)) },
    network(extraRoots) {
      roots.push(extraRoots);
      return { send: () => Promise.reject(new Error("not used here")) };
    },
  };
  return { system, roots };
}

Deno.test("openNetwork() trusts the roots of the named file besides the machine's own", async () => {
  const { system, roots } = systemWith(`${CERTIFICATE}\n${CERTIFICATE}`);
  await openNetwork(system, undefined);
  await openNetwork(system, "/ca.pem");
  assertEquals(roots, [[], [CERTIFICATE, CERTIFICATE]]);
});

Deno.test("openNetwork() rejects a file without a certificate before anything is sent", async () => {
  const { system, roots } = systemWith("no certificate");
  const error = await assertRejects(() => openNetwork(system, "/ca.pem"), CliError);
  assertEquals([error.code, roots], ["usage", []]);
});
