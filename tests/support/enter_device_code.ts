import type { RunningProgram } from "./program.ts";
import { ADA } from "./provider/directory.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Visitor } from "./user_agent.ts";

/** Waits until the program shows a device code, and gives it with its address. */
export async function shownDeviceCode(
  program: Pick<RunningProgram, "stderrMatch">,
): Promise<{ uri: string; code: string }> {
  const [, uri = "", code = ""] = await program.stderrMatch(
    /^To sign in, use a web browser to open:\n {2}(https:\S+)\nAnd enter code: (\S+)$/m,
  );
  return { uri, code };
}

/** Does what the person does with the code that the program shows; gives the text of the last page. */
export async function enterDeviceCode(
  sandbox: Sandbox,
  program: Pick<RunningProgram, "stderrMatch">,
  visitor: Visitor = ADA,
): Promise<string> {
  const { uri, code } = await shownDeviceCode(program);
  return await sandbox.userAgent.enterDeviceCode(uri, code, visitor);
}
