import { assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { systemProcesses } from "../../../../src/system/processes/processes.ts";

const ignore = Deno.build.os === "windows";
const PATIENCE = { timeoutMs: 60_000 };

Deno.test({
  name: "run() gives exit code and both outputs, and hands over input that is no argument",
  ignore,
  async fn() {
    const result = await systemProcesses.run("sh", ["-c", "cat; echo oops >&2; exit 3"], {
      ...PATIENCE,
      input: "s3cret\n",
    });
    assertEquals(result, { kind: "ended", code: 3, stdout: "s3cret\n", stderr: "oops\n" });
  },
});

Deno.test({
  name: "run() passes arguments on as they are, with no shell",
  ignore,
  async fn() {
    const result = await systemProcesses.run("printf", ["%s", "$(id) `id` ; | &"], PATIENCE);
    assertEquals(result.kind === "ended" && result.stdout, "$(id) `id` ; | &");
  },
});

Deno.test({
  name: "run() takes a program that reads nothing of its input",
  ignore,
  async fn() {
    const input = "x".repeat(1_000_000);
    const result = await systemProcesses.run("true", [], { ...PATIENCE, input });
    assertEquals(result, { kind: "ended", code: 0, stdout: "", stderr: "" });
  },
});

Deno.test({
  name: "run() ends a program that takes too long",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const pidFile = join(folder, "pid");
      const script = `echo $$ > ${pidFile}; exec sleep 1000`;
      const result = await systemProcesses.run("sh", ["-c", script], { timeoutMs: 1500 });
      assertEquals(result, { kind: "timed-out" });
      const pid = (await Deno.readTextFile(pidFile)).trim();
      assertEquals((await new Deno.Command("kill", { args: ["-0", pid], stderr: "null" }).output()).code, 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "run() doesn't wait for what a program left behind with its output open",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const pidFile = join(folder, "pid");
      const script = `sleep 1000 & echo $! > ${pidFile}`;
      const result = await systemProcesses.run("sh", ["-c", script], { timeoutMs: 1500 });
      assertEquals(result, { kind: "timed-out" });
      Deno.kill(Number(await Deno.readTextFile(pidFile)), "SIGKILL");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "run() tells a program that isn't there from one that can't be started",
  ignore,
  async fn() {
    assertEquals(await systemProcesses.run("no-such-program-here", [], PATIENCE), { kind: "not-found" });
    assertEquals(await systemProcesses.run("/", [], PATIENCE), { kind: "refused" });
  },
});
