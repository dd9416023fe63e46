import { join } from "@std/path/join";
import { ADA } from "../../tests/support/provider/directory.ts";
import type { Sandbox } from "../../tests/support/program/sandbox.ts";
import type { TimedRun } from "./compare.ts";

/** The two parts of an interactive sign-in that are the program's: the user and the provider's pages are in between. */
export interface SignInParts {
  /** From the start of the process to the start of the browser. */
  readonly toBrowser: TimedRun;
  /** From the redirect to the end of the process, with the response of the token endpoint. */
  readonly afterRedirect: TimedRun;
}

/**
 * Prepares the timing of sign-ins with `program`. The browser is a shell script that writes the URL into a named pipe, which
 * takes a millisecond. Returns null on Windows, which has neither.
 */
export async function signInParts(sandbox: Sandbox, program: string): Promise<SignInParts | null> {
  if (Deno.build.os === "windows") return null;
  const pipe = join(sandbox.folder, "browser.pipe");
  const browser = join(sandbox.folder, "browser.sh");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  await Deno.writeTextFile(browser, `#!/bin/sh\nprintf %s "$1" >"${pipe}"\n`);
  await Deno.chmod(browser, 0o700);

  const signIn = async (): Promise<{ toBrowserMs: number; afterRedirectMs: number }> => {
    const startMs = performance.now();
    const running = sandbox.start(["get-token", "--force", "--quiet"], {
      executable: program,
      env: { BROWSER: browser },
    });
    const url = await Promise.race([Deno.readTextFile(pipe), running.ended]);
    if (typeof url !== "string") throw new Error(`The program did not open the browser:\n${url.stderr}`);
    const toBrowserMs = performance.now() - startMs;
    const redirect = await sandbox.userAgent.authorize(url, ADA);
    const redirectMs = performance.now();
    await sandbox.userAgent.deliver(redirect);
    const { code, stderr } = await running.ended;
    if (code !== 0) throw new Error(`Cannot sign in: ${stderr}`);
    return { toBrowserMs, afterRedirectMs: performance.now() - redirectMs };
  };
  return {
    toBrowser: {
      name: "sign-in: process start to browser start",
      timeMs: async () => (await signIn()).toBrowserMs,
    },
    afterRedirect: {
      name: "sign-in: redirect to exit",
      timeMs: async () => (await signIn()).afterRedirectMs,
    },
  };
}
