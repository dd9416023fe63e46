import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { openControllingTerminal } from "../../../../src/system/terminal/terminal.ts";
import type { Processes, RunResult } from "../../../../src/system/processes/processes.ts";

const ENDED = { kind: "ended", code: 0, stdout: "", stderr: "" } as const;

/** Returns processes whose runs have this result, and which record the start and end of each. */
function played(result: RunResult): Pick<Processes, "run"> & { readonly notes: unknown[] } {
  const notes: unknown[] = [];
  return {
    notes,
    async run(command, args, { input, inSession }) {
      notes.push([command, ...args, input, inSession]);
      await Promise.resolve();
      notes.push("ended");
      return result;
    },
  };
}

Deno.test("openControllingTerminal() writes to the terminal by tee, in order", async () => {
  const processes = played(ENDED);
  const screen = await openControllingTerminal(processes, "linux");
  screen?.show("one\n");
  screen?.show("two\n");
  await new Promise((resolve) => setTimeout(resolve));
  const run = (text: string) => [["tee", "/dev/tty", text, true], "ended"];
  assertEquals(processes.notes, [...run(""), ...run("one\n"), ...run("two\n")]);
});

Deno.test("openControllingTerminal() returns null if tee fails, times out or is missing", async () => {
  for (
    const result of [{ ...ENDED, code: 1 }, { kind: "timed-out" }, { kind: "not-found" }, {
      kind: "refused",
    }] as const
  ) {
    assertEquals(await openControllingTerminal(played(result), "darwin"), null, result.kind);
  }
});

Deno.test("openControllingTerminal() reports a missing permission", async () => {
  const processes = played({ kind: "not-permitted", hint: "Add the Deno flag --allow-run=tee" });
  const error = await assertRejects(() => openControllingTerminal(processes, "linux"), CliError);
  assertEquals([error.code, error.hint], ["permission", "Add the Deno flag --allow-run=tee"]);
});
