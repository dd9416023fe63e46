import { join } from "@std/path/join";
import { type DiskContent, type DiskOperation, ERRNO, type FaultDisk } from "./fault_disk.ts";

/** A started process that can be killed. */
export interface Killable {
  readonly pid: number;
  /** Settles when the process has ended. */
  readonly ended: Promise<unknown>;
}

/** Runs a process to its end and returns its operations on the disk that change something. */
export async function stepsOf(disk: FaultDisk, start: () => Killable): Promise<DiskOperation[]> {
  const steps: DiskOperation[] = [];
  disk.intercept = (operation) => {
    if (operation.kind !== "look") steps.push(operation);
    return undefined;
  };
  await start().ended;
  disk.intercept = () => undefined;
  return steps;
}

/** Runs a process and kills it just before the disk performs the step with this index. */
export async function killAtStep(disk: FaultDisk, step: number, start: () => Killable): Promise<void> {
  let next = 0;
  disk.intercept = ({ kind }) => {
    if (kind === "look") return undefined;
    if (next === step) Deno.kill(victim.pid, "SIGKILL");
    // A thread that briefly outlives the others must not do what a dead process would not.
    return next++ < step ? undefined : ERRNO.EINTR;
  };
  const victim = start();
  await victim.ended;
  disk.intercept = () => undefined;
  if (next <= step) throw new Error(`The process ended by itself after ${next} steps`);
}

/** Writes the content of a disk into a folder, with its modes. */
export async function copyContent(content: DiskContent, folder: string): Promise<void> {
  for (const [path, { data, mode }] of content) {
    const target = join(folder, path);
    if (data === null) await Deno.mkdir(target);
    else await Deno.writeFile(target, data);
    await Deno.chmod(target, mode);
  }
}
