import { runApp } from "./src/app.ts";
import { expectInterrupts } from "./src/system/interrupts.ts";
import { createSystem } from "./src/system/create_system.ts";

if (import.meta.main) {
  const interrupts = expectInterrupts();
  const exitCode = await runApp(Deno.args, createSystem(interrupts));
  Deno.exit(interrupts.exitCode() ?? exitCode);
}
