import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { CliError } from "../../../../src/errors.ts";
import { foregroundOf } from "../../../../src/system/processes/foreground_program.ts";

Deno.test("foregroundOf() starts nothing if it is interrupted before or while it begins to forward signals", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const file = join(folder, "ran");
  const write = (forwardSignals: () => void, { signal }: AbortController) => {
    const run = foregroundOf(() => (forwardSignals(), { [Symbol.dispose]: () => {} }), signal);
    return run(Deno.execPath(), ["eval", `Deno.writeTextFileSync(${JSON.stringify(file)}, "")`], {});
  };
  const interrupts = new AbortController();
  const interrupted = new CliError("interrupted", "Interrupted");
  for (let times = 2; times > 0; times--) {
    const error = await assertRejects(() => write(() => interrupts.abort(interrupted), interrupts));
    assertEquals([error, await exists(file)], [interrupted, false]);
  }
  assertEquals(await write(() => {}, new AbortController()), { kind: "ended", code: 0 });
  assertEquals(await exists(file), true);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("foregroundOf() removes a variable that is null from the command only, and not just its value", async () => {
  const name = "ENTRA_AUTH_CLI_TEST_REMOVED";
  const run = foregroundOf(() => ({ [Symbol.dispose]: () => {} }), new AbortController().signal);
  const isSet = ["eval", `Deno.exit(Deno.env.has("${name}") ? 1 : 0)`];
  Deno.env.set(name, "a value");
  try {
    assertEquals(await run(Deno.execPath(), isSet, {}), { kind: "ended", code: 1 });
    assertEquals(await run(Deno.execPath(), isSet, { [name]: null }), { kind: "ended", code: 0 });
    assertEquals(Deno.env.get(name), "a value");
    assertEquals(await run(join(Deno.cwd(), "no-such-program"), [], { [name]: null }), { kind: "not-found" });
    assertEquals(Deno.env.get(name), "a value");
  } finally {
    Deno.env.delete(name);
  }
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
