import { assertEquals } from "@std/assert";
import { GrowingText } from "../../../support/program/growing_text.ts";

const MODULE = import.meta.resolve("../../../../src/system/processes/signals.ts");

/** Runs until a signal ends it, or for 20 seconds. */
const DEAF_SCRIPT = `
  import { handleSignals } from ${JSON.stringify(MODULE)};
  const signals = handleSignals();
  setTimeout(() => {}, 20_000);
  console.log("ready", signals.exitCode());
`;

/** Listens for signals and prints them. */
const SCRIPT = `
  import { handleSignals } from ${JSON.stringify(MODULE)};
  const signals = handleSignals();
  signals.signal.addEventListener("abort", () => {
    console.log("heard", signals.signal.reason.code, signals.exitCode());
  });
  setTimeout(() => {}, 20_000);
  console.log("ready", signals.exitCode());
`;

async function start(script: string): Promise<Deno.ChildProcess> {
  const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...flags, "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(script));
  await stdin.close();
  return child;
}

for (const [name, exitCode] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `${name} aborts the signal once, and a second one exits at once with ${exitCode}`,
    ignore: Deno.build.os === "windows",
  }, async () => {
    const child = await start(SCRIPT);
    const said = new GrowingText(child.stdout);
    await said.match(/ready null/);
    child.kill(name);
    await said.match(new RegExp(`heard interrupted ${exitCode}`));
    child.kill(name);
    assertEquals((await child.status).code, exitCode);
    await said.whole;
  });
}

Deno.test({
  name: "a signal ends the process as usual until `signal` is read",
  ignore: Deno.build.os === "windows",
}, async () => {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const child = await start(DEAF_SCRIPT);
    const said = new GrowingText(child.stdout);
    await said.match(/ready null/);
    child.kill(name);
    assertEquals((await child.status).signal, name);
    await said.whole;
  }
});
