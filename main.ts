import { runApp } from "./src/app.ts";
import { listenForInterrupts } from "./src/system/interrupts.ts";
import { createSystem } from "./src/system/create_system.ts";

if (import.meta.main) {
  const interrupts = listenForInterrupts();
  const exitCode = await runApp(Deno.args, createSystem(interrupts));
  Deno.exit(interrupts.exitCode() ?? exitCode);
}
