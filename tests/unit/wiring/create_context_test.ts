import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path/join";
import { CliError } from "../../../src/errors.ts";
import { createSystem } from "../../../src/system/create_system.ts";
import type { System } from "../../../src/system/system.ts";
import { createContext } from "../../../src/wiring/create_context.ts";

/** The real system, and how often its signal was read, which installs the signal handlers. */
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

const STYLE = { isPlain: false, isQuiet: false };

Deno.test("createContext() listens for signals before it writes a file, and writes nothing after a signal", async () => {
  await withFolder(async (folder) => {
    const { world, system } = listeningHarness();
    const context = createContext(system, STYLE);
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

/** The real system with these environment variables. */
function systemWith(variables: Readonly<Record<string, string>>): System {
  const { world, system } = listeningHarness();
  return { ...system, interrupted: world.controller.signal, env: { get: (name) => variables[name] } };
}

Deno.test("createContext() makes each part once", () => {
  const context = createContext(systemWith({ ENTRA_AUTH_CLI_HOME: "/home/ada/f" }), STYLE);
  assertStrictEquals(context.profiles, context.profiles);
  assertStrictEquals(context.store, context.store);
  assertEquals(context.home, "/home/ada/f");
});

Deno.test("createContext() needs no home folder before a command uses it", () => {
  const context = createContext(systemWith({}), STYLE);
  assertThrows(() => context.home, CliError);
  assertThrows(() => context.store, CliError);
});

Deno.test("createContext() reads a file of the user up to its limit", async () => {
  await withFolder(async (folder) => {
    const context = createContext(systemWith({}), STYLE);
    const path = join(folder, "text");
    await Deno.writeTextFile(path, "four");
    assertEquals(await context.readTextFile(path, 4), "four");
    const error = await assertRejects(() => context.readTextFile(path, 3), CliError);
    assertEquals(error.code, "usage");
  });
});
