import { delay } from "@std/async/delay";

const MAX_ATTEMPTS = 70;
const MAX_PAUSE_MS = 32;

/**
 * Moves `from` to `to` in one step, replacing what is there. Windows may refuse that while somebody has one of them open:
 * a reader on a file system with the old rules, a virus scanner, a backup. They are done soon, so it is tried again there
 * for a second or two. Throws what `Deno.rename` throws.
 */
export async function renameWithRetry(from: string, to: string): Promise<void> {
  let pauseMs = 1;
  for (let attempts = 1;; attempts++) {
    try {
      return await Deno.rename(from, to);
    } catch (error) {
      if (Deno.build.os !== "windows" || !mayBeInUse(error) || attempts === MAX_ATTEMPTS) throw error;
    }
    // In no step with who opens it again and again.
    await delay(pauseMs * Math.random());
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

/** Windows calls it denied access, a sharing violation or a busy file. */
function mayBeInUse(error: unknown): boolean {
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.Busy) return true;
  return error instanceof Error && "code" in error && error.code === "EBUSY";
}
