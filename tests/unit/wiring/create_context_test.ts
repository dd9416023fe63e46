import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { CliError } from "../../../src/errors.ts";
import { createSystem } from "../../../src/system/create_system.ts";
import { createContext } from "../../../src/wiring/create_context.ts";

/** The real world, in which somebody asked for the signals or didn't. */
function listeningHarness() {
  const controller = new AbortController();
  const world = { controller, asked: 0 };
  const system = createSystem({
    get signal() {
      world.asked++;
      return controller.signal;
    },
    forwardSignals: () => ({ [Symbol.dispose]: () => {} }),
  });
  return { world, system };
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("createContext() listens for signals before it writes a file, and writes none after one came", async () => {
  await withFolder(async (folder) => {
    const { world, system } = listeningHarness();
    const context = createContext(system, false);
    assertEquals(world.asked, 0);
    await context.writePrivateFile(join(folder, "token"), "a token");
    assertEquals([world.asked > 0, await Deno.readTextFile(join(folder, "token"))], [true, "a token"]);

    const reason = new CliError("interrupted", "Interrupted");
    world.controller.abort(reason);
    const write = () => context.writePrivateFile(join(folder, "other"), "a token");
    assertEquals(await assertRejects(write), reason);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names, ["token"]);
  });
});

Deno.test("createSystem() listens for signals before it takes a lock", async () => {
  await withFolder(async (folder) => {
    const { world, system } = listeningHarness();
    assertEquals(world.asked, 0);
    using _lock = await system.locks.acquire(join(folder, "lock"), {});
    assertEquals(world.asked > 0, true);
  });
});
