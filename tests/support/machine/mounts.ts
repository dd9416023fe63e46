/** A mounted file system. */
export interface Mount extends AsyncDisposable {
  /** The mount point. */
  readonly path: string;
  /** Makes it read-only, or writable again. */
  setReadOnly(readOnly: boolean): Promise<void>;
}

/** Mounts a memory disk of `kibibytes` KiB. @throws {Error} If that is not possible. */
export async function mountMemoryDisk(kibibytes: number): Promise<Mount> {
  const path = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    await run("mount", "-t", "tmpfs", "-o", `size=${kibibytes}k,mode=0700`, "tmpfs", path);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return {
    path,
    setReadOnly: (readOnly) => run("mount", "-o", `remount,${readOnly ? "ro" : "rw"}`, path),
    async [Symbol.asyncDispose]() {
      await run("umount", path);
      await Deno.remove(path);
    },
  };
}

/** Returns whether memory disks can be mounted here: by root on Linux, if the container allows it. */
export async function canMountMemoryDisk(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    await (await mountMemoryDisk(4))[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
}
