import { isBroker, runBroker } from "./src/broker.ts";
import { handleSignals, type Signals } from "./src/system/processes/signals.ts";
import "./src/system/node_process.ts";
import { exitThroughMainThread } from "./src/system/sandbox.ts";

if (import.meta.main) {
  exitThroughMainThread();
  const signals = handleSignals();
  const exitCode = isBroker() ? await runBroker(Deno.args, signals) : await runProgram(signals);
  Deno.exit(signals.exitCode() ?? exitCode);
}

/** Loads the whole program, of which the main thread of an executable needs little. @returns The exit code. */
async function runProgram(signals: Signals): Promise<number> {
  const [{ runApp }, { createSystem }] = await Promise.all([
    import("./src/app.ts"),
    import("./src/system/create_system.ts"),
  ]);
  return await runApp(Deno.args, createSystem(signals));
}
