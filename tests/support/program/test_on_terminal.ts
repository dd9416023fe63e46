import { hasNoPseudoTerminal } from "./pseudo_terminal.ts";
import { openSandbox, type Sandbox, type SandboxOptions } from "./sandbox.ts";

/** Defines a test on a pseudo-terminal in a new sandbox. The test is ignored if there is no pseudo-terminal. */
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
