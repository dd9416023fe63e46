import { runApp } from "./src/app.ts";
import { isBroker, runBroker } from "./src/broker.ts";
import { handleSignals } from "./src/system/processes/signals.ts";
import { createSystem } from "./src/system/create_system.ts";
import "./src/system/node_process.ts";
import { exitThroughMainThread } from "./src/system/sandbox.ts";

if (import.meta.main) {
  exitThroughMainThread();
  const signals = handleSignals();
  const system = createSystem(signals);
  const exitCode = isBroker() ? await runBroker(Deno.args, system, signals) : await runApp(Deno.args, system);
  Deno.exit(signals.exitCode() ?? exitCode);
}
