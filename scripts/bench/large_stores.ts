import { join } from "@std/path/join";
import { ADA } from "../../tests/support/provider/directory.ts";
import type { Sandbox } from "../../tests/support/program/sandbox.ts";
import type { Comparison, TimedCommand } from "./compare.ts";
import { fillStore } from "./fill_store.ts";
import { peakMemory } from "./measurements.ts";

/** The numbers of profiles of the large stores, in ascending order. */
const COUNTS = [1000, 10_000] as const;

/** A store with many profiles. */
export interface LargeStore {
  readonly count: number;
  /** The folder of the program. */
  readonly home: string;
}

/** Signs in to new stores and fills them. */
export async function openLargeStores(sandbox: Sandbox): Promise<LargeStore[]> {
  const stores: LargeStore[] = [];
  for (const count of COUNTS) {
    const home = join(sandbox.folder, `home-${count}`);
    await Deno.mkdir(home, { mode: 0o700 });
    await Deno.copyFile(join(sandbox.home, "profiles.json"), join(home, "profiles.json"));
    // A sign-in of its own: a refresh token is good for one store.
    const options = { env: { ENTRA_AUTH_CLI_HOME: home } };
    const { code, stderr } = await sandbox.signIn(["get-token", "--force"], ADA, options);
    if (code !== 0) throw new Error(`Cannot sign in: ${stderr}`);
    await fillStore(home, count);
    stores.push({ count, home });
  }
  return stores;
}

/** Returns `command` with another store. */
export function inStore({ name, command, env }: TimedCommand, { count, home }: LargeStore): TimedCommand {
  return { name: `${name}, ${count} profiles`, command, env: { ...env, ENTRA_AUTH_CLI_HOME: home } };
}

/** Times the commands that list everything with the largest store. Returns their comparisons, and sentences on their memory. */
export async function measureLists(
  stores: readonly LargeStore[],
  program: TimedCommand,
  time: (command: TimedCommand) => Promise<Comparison>,
): Promise<{ comparisons: Comparison[]; remarks: string[] }> {
  const comparisons: Comparison[] = [];
  const remarks: string[] = [];
  const largest = stores.at(-1);
  if (largest === undefined) return { comparisons, remarks };
  for (const name of ["list-profiles", "status"]) {
    const command = inStore({ ...program, name, command: [...program.command, name] }, largest);
    comparisons.push(await time(command));
    const memory = await peakMemory(command);
    if (memory !== null) remarks.push(`Peak memory of ${command.name}: ${memory.toFixed(0)} MiB.`);
  }
  return { comparisons, remarks };
}
