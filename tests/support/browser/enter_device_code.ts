import { ADA } from "../provider/directory.ts";
import type { Sandbox } from "../program/sandbox.ts";
import type { Visitor } from "./user_agent.ts";

/** Waits until the output of a program matches. */
export type Watch = (pattern: RegExp) => Promise<RegExpMatchArray>;

/** Waits until a device code is shown and returns it with its URL. */
export async function shownDeviceCode(watch: Watch): Promise<{ uri: string; code: string }> {
  const [, uri = "", code = ""] = await watch(
    /To sign in, use a web browser to open:\r?\n {2}(https:\S+)\r?\nAnd enter code: (?:\S\[1m)?([\w-]+)/,
  );
  return { uri, code };
}

/** Enters the device code that is shown, signs in, and returns the text of the last page. */
export async function enterDeviceCode(
  sandbox: Sandbox,
  watch: Watch,
  visitor: Visitor = ADA,
): Promise<string> {
  const { uri, code } = await shownDeviceCode(watch);
  return await sandbox.userAgent.enterDeviceCode(uri, code, visitor);
}
