import { assertEquals } from "@std/assert";
import { GrowingText } from "../../support/growing_text.ts";

const MODULE = import.meta.resolve("../../../src/system/interrupts.ts");

/** Listens, says what it hears, and lives on until it is ended; should nothing end it, not for long. */
const SCRIPT = `
  import { listenForInterrupts } from ${JSON.stringify(MODULE)};
  const interrupts = listenForInterrupts();
  interrupts.signal.addEventListener("abort", () => {
    console.log("heard", interrupts.signal.reason.code, interrupts.exitCode());
  });
  setTimeout(() => {}, 20_000);
  console.log("ready", interrupts.exitCode());
`;

for (const [name, exitCode] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `${name} is heard once, and the second time ends the process at once with ${exitCode}`,
    ignore: Deno.build.os === "windows",
  }, async () => {
    const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", ...flags, "--ext=ts", "-"],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const stdin = child.stdin.getWriter();
    await stdin.write(new TextEncoder().encode(SCRIPT));
    await stdin.close();
    const said = new GrowingText(child.stdout);
    await said.match(/ready null/);
    child.kill(name);
    await said.match(new RegExp(`heard interrupted ${exitCode}`));
    child.kill(name);
    assertEquals((await child.status).code, exitCode);
    await said.whole;
  });
}
