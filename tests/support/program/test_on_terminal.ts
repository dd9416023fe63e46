import { hasNoPseudoTerminal } from "./pseudo_terminal.ts";
import { openSandbox, type Sandbox, type SandboxOptions } from "./sandbox.ts";

/** A test of the program on a terminal, in a sandbox of its own. Where there is no pseudo-terminal it says so, and is ignored. */
export function testOnTerminal(
  name: string,
  test: (sandbox: Sandbox) => Promise<void>,
  options: SandboxOptions = {},
): void {
  Deno.test({
    name: hasNoPseudoTerminal ? `${name} (ignored: no pseudo-terminal here)` : name,
    ignore: hasNoPseudoTerminal,
    async fn() {
      await using sandbox = await openSandbox(options);
      await test(sandbox);
    },
  });
}
