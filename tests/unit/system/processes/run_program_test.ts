import { assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { systemProcesses } from "../../../../src/system/processes/processes.ts";

const ignore = Deno.build.os === "windows";
const PATIENCE = { timeoutMs: 60_000 };

async function outputOf(script: string, env?: Record<string, string>): Promise<string> {
  const options = env === undefined ? PATIENCE : { ...PATIENCE, env };
  const result = await systemProcesses.run("sh", ["-c", script], options);
  return result.kind === "ended" ? result.stdout : result.kind;
}

Deno.test({
  name: "run() adds variables to the inherited ones",
  ignore,
  async fn() {
    const env = { ENTRA_AUTH_CLI_TEST: "as given" };
    assertEquals(
      await outputOf('echo "$ENTRA_AUTH_CLI_TEST, $PATH"', env),
      `as given, ${Deno.env.get("PATH")}\n`,
    );
    assertEquals(await outputOf('echo "$ENTRA_AUTH_CLI_TEST"'), "\n");
  },
});

Deno.test({
  name: "run() decodes characters that arrive in parts and marks incomplete ones",
  ignore,
  async fn() {
    // The first byte makes a two-byte character straddle the end of each chunk of a pipe.
    const output = await outputOf(`awk 'BEGIN { printf "x"; for (i = 0; i < 100000; i++) printf "é" }'`);
    assertEquals(output.length, 100_001);
    assertEquals(output.includes("\ufffd"), false);
    assertEquals(await outputOf("printf 'x\\303'"), "x\ufffd");
  },
});

Deno.test({
  name: "run() starts a program out of reach of Ctrl-C",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // PID, name, state, parent, process group: the program leads its own group.
    const [pid, , , , group] = (await outputOf("exec cat /proc/self/stat")).split(" ");
    assertEquals(group, pid);
  },
});

Deno.test({
  name: "run() kills a program that ignores other signals",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    try {
      const script = `trap 'echo > ${join(folder, "asked")}; exit' TERM INT HUP; while :; do sleep 0.1; done`;
      const result = await systemProcesses.run("sh", ["-c", script], { timeoutMs: 500 });
      assertEquals(result, { kind: "timed-out" });
      assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

const SCRIPT = `
import { systemProcesses } from ${
  JSON.stringify(import.meta.resolve("../../../../src/system/processes/processes.ts"))
};
const [program] = Deno.args;
console.log(JSON.stringify(await systemProcesses.run(program, [], { env: { GIVEN: "as given" }, timeoutMs: 60_000 })));
`;

/** Runs `program` in a process with only these permissions and returns the result. */
async function runWith(permissions: readonly string[], program: string): Promise<unknown> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter((flag) => flag !== "");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--ext=ts", ...flags, ...permissions, "-", program],
    env: { LD_LIBRARY_PATH: "/nowhere", DYLD_LIBRARY_PATH: "/nowhere" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SCRIPT));
  await writer.close();
  return JSON.parse(new TextDecoder().decode((await child.output()).stdout));
}

Deno.test({
  name: "run() passes its variables even if it must empty those of the loader, and names the missing flag",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    try {
      const program = join(folder, "program");
      await Deno.writeTextFile(program, '#!/bin/sh\necho "$GIVEN, $LD_LIBRARY_PATH"\n', { mode: 0o755 });
      assertEquals(await runWith([`--allow-run=${program}`], program), {
        kind: "ended",
        code: 0,
        stdout: "as given, \n",
        stderr: "",
      });
      assertEquals(await runWith([], program), {
        kind: "not-permitted",
        hint: `Add the Deno flag --allow-run=${program}`,
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
