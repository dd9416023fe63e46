import { runApp } from "./src/app.ts";
import { handleSignals } from "./src/system/processes/signals.ts";
import { createSystem } from "./src/system/create_system.ts";

if (import.meta.main) {
  const signals = handleSignals();
  const exitCode = await runApp(Deno.args, createSystem(signals));
  Deno.exit(signals.exitCode() ?? exitCode);
}
