import { assertEquals } from "@std/assert";
import type { ProgramResult, RunningProgram } from "../program/program.ts";
import { ADA } from "../provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox, type SandboxOptions } from "../program/sandbox.ts";

/** A sandbox whose program stores its files elsewhere, such as on a faulty disk. */
export interface Machine extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** The folder of the program. */
  readonly home: string;
  start(...args: string[]): RunningProgram;
  run(...args: string[]): Promise<ProgramResult>;
  /** Runs the program, which must succeed, and returns its stdout. */
  output(...args: string[]): Promise<string>;
  /** Runs the program and signs in in the browser that it opens. */
  signIn(...args: string[]): Promise<ProgramResult>;
}

/** Opens a machine whose folder `home` has the profile `default`. No user is signed in. */
export async function openMachine(home: string, options: SandboxOptions = {}): Promise<Machine> {
  await using parts = new AsyncDisposableStack();
  const sandbox = parts.use(await openSandbox(options));
  const env = { ENTRA_AUTH_CLI_HOME: home };
  const machine = {
    sandbox,
    home,
    start: (...args: string[]) => sandbox.start(args, { env }),
    run: (...args: string[]) => sandbox.run(args, { env }),
    async output(...args: string[]) {
      const { code, stdout, stderr } = await machine.run(...args);
      assertEquals(code, 0, stderr);
      return stdout;
    },
    async signIn(...args: string[]) {
      const program = machine.start(...args);
      // If the program ends first, there is no browser to wait for.
      const url = await Promise.race([sandbox.browser.next(), program.ended]);
      if (typeof url !== "string") throw new Error(`The program did not open the browser:\n${url.stderr}`);
      await sandbox.userAgent.signIn(url, ADA);
      return await program.ended;
    },
  };
  await machine.output(...createProfileArgs("default", sandbox.provider));
  const owned = parts.move();
  return { ...machine, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
