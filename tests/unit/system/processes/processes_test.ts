import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { systemProcesses } from "../../../../src/system/processes/processes.ts";

const ignore = Deno.build.os === "windows";
const PATIENCE = { timeoutMs: 60_000 };

Deno.test({
  name: "run() returns exit code and outputs, and passes the input on stdin",
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
  name: "run() passes arguments unchanged, without a shell",
  ignore,
  async fn() {
    const result = await systemProcesses.run("printf", ["%s", "$(id) `id` ; | &"], PATIENCE);
    assertEquals(result.kind === "ended" && result.stdout, "$(id) `id` ; | &");
  },
});

Deno.test({
  name: "run() passes no secret of this program or its job",
  ignore,
  async fn() {
    const secrets = ["ENTRA_AUTH_CLI_KEY", "AZURE_CLIENT_SECRET", "SYSTEM_ACCESSTOKEN"];
    for (const name of secrets) Deno.env.set(name, "secret");
    try {
      const result = await systemProcesses.run("env", [], PATIENCE);
      assert(result.kind === "ended");
      assert(!result.stdout.includes("secret"), result.stdout);
    } finally {
      for (const name of secrets) Deno.env.delete(name);
    }
  },
});

Deno.test({
  name: "run() accepts a program that does not read its input",
  ignore,
  async fn() {
    const input = "x".repeat(1_000_000);
    const result = await systemProcesses.run("true", [], { ...PATIENCE, input });
    assertEquals(result, { kind: "ended", code: 0, stdout: "", stderr: "" });
  },
});

Deno.test({
  name: "run() kills a program that exceeds its time limit",
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
  name: "run() does not wait for a child that holds the output open",
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
  name: "run() distinguishes a missing program from one that cannot be started",
  ignore,
  async fn() {
    assertEquals(await systemProcesses.run("no-such-program-here", [], PATIENCE), { kind: "not-found" });
    assertEquals(await systemProcesses.run("/", [], PATIENCE), { kind: "refused" });
  },
});
