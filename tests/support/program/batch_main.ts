/**
 * The program with its command lines from standard input, one after another in one process: a line of JSON for each, and
 * a line with its result. Most of the time of a short run is the start of its process.
 */

import { runApp } from "../../../src/app.ts";
import { createSystem } from "../../../src/system/create_system.ts";
import { handleSignals } from "../../../src/system/processes/signals.ts";
import type { System } from "../../../src/system/system.ts";
import type { Terminal } from "../../../src/system/terminal/terminal.ts";

/** A command line, and the variables that differ from those of the process. */
export interface BatchCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Yields the lines of a stream of bytes, without their ends. */
export async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

if (import.meta.main) {
  const system = createSystem(handleSignals());
  const results = Deno.stdout.writable.getWriter();
  for await (const line of readLines(Deno.stdin.readable)) {
    const { args, env }: BatchCommand = JSON.parse(line);
    for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
    const output = { stdout: "", stderr: "" };
    const terminal: Terminal = {
      ...system.terminal,
      writeData: (text) => Promise.resolve(void (output.stdout += text)),
      writeMessage: (text) => void (output.stderr += `${text}\n`),
      screen: () => Promise.resolve(null),
    };
    const own: System = Object.create(system, { terminal: { value: terminal } });
    const code = await runApp(args, own);
    for (const name of Object.keys(env)) Deno.env.delete(name);
    await results.write(new TextEncoder().encode(`${JSON.stringify({ code, ...output })}\n`));
  }
}
