import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { openControllingTerminal } from "../../../src/system/controlling_terminal.ts";
import type { Processes, RunResult } from "../../../src/system/processes.ts";

const ENDED = { kind: "ended", code: 0, stdout: "", stderr: "" } as const;

/** Processes of which each run has this result. */
function played(
  result: RunResult,
): Pick<Processes, "run"> & { readonly runs: unknown[][]; idle: Promise<void> } {
  const runs: unknown[][] = [];
  const played = {
    runs,
    idle: Promise.resolve(),
    run(command: string, args: readonly string[], { input, inSession }: Parameters<Processes["run"]>[2]) {
      runs.push([command, ...args, input, inSession]);
      return Promise.resolve(result);
    },
  };
  return played;
}

Deno.test("openControllingTerminal() writes to the terminal by tee, in the order in which it is told", async () => {
  const processes = played(ENDED);
  const screen = await openControllingTerminal(processes, "linux");
  screen?.show("one\n");
  screen?.show("two\n");
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(processes.runs, [
    ["tee", "/dev/tty", "", true],
    ["tee", "/dev/tty", "one\n", true],
    ["tee", "/dev/tty", "two\n", true],
  ]);
});

Deno.test("openControllingTerminal() finds none where tee can't open it, doesn't end or isn't there", async () => {
  for (
    const result of [{ ...ENDED, code: 1 }, { kind: "timed-out" }, { kind: "not-found" }, {
      kind: "refused",
    }] as const
  ) {
    assertEquals(await openControllingTerminal(played(result), "darwin"), null, result.kind);
  }
});

Deno.test("openControllingTerminal() takes a missing permission for no answer", async () => {
  const processes = played({ kind: "not-permitted", flag: "--allow-run=tee" });
  const error = await assertRejects(() => openControllingTerminal(processes, "linux"), CliError);
  assertEquals([error.code, error.hint], ["permission", "Add the Deno flag --allow-run=tee"]);
});
