import { assertEquals } from "@std/assert";
import type { ProgramResult, RunningProgram } from "../program/program.ts";
import { ADA } from "../provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox, type SandboxOptions } from "../program/sandbox.ts";

/** A sandbox whose program keeps its folder somewhere else, such as on a disk with faults. */
export interface Machine extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** The program's folder. */
  readonly home: string;
  start(...args: string[]): RunningProgram;
  run(...args: string[]): Promise<ProgramResult>;
  /** Runs the program, which must succeed, and gives what it printed as data. */
  output(...args: string[]): Promise<string>;
  /** Runs the program, which signs in; the person does so in the browser. */
  signIn(...args: string[]): Promise<ProgramResult>;
}

/** Makes a machine whose folder, `home`, has the profile `default`; nobody has signed in. */
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
      // Should the program end first, that is the result: nobody has to wait for a browser that never opens.
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
