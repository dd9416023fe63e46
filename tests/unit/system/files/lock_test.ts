import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { CliError } from "../../../../src/errors.ts";
import { systemLocks } from "../../../../src/system/files/lock.ts";

async function withLockFile(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    await test(join(folder, "test.lock"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("acquire() gives the lock to one holder at a time", async () => {
  await withLockFile(async (path) => {
    let inside = 0;
    const seen: number[] = [];
    const work = async () => {
      using _lock = await systemLocks.acquire(path);
      seen.push(++inside);
      await Deno.stat(path);
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, work));
    assertEquals(seen, Array(8).fill(1));
  });
});

Deno.test("acquire() leaves its file with mode 0600", async () => {
  await withLockFile(async (path) => {
    (await systemLocks.acquire(path))[Symbol.dispose]();
    const { mode, size } = await Deno.stat(path);
    assertEquals(size, 0);
    if (Deno.build.os !== "windows") assertEquals((mode ?? 0) & 0o777, 0o600);
  });
});

Deno.test({
  name: "acquire() times out and names the holder",
}, async () => {
  await withLockFile(async (path) => {
    using _lock = await systemLocks.acquire(path);
    const error = await assertRejects(() => systemLocks.acquire(path, { timeoutMs: 1 }), CliError);
    assertEquals(error.code, "store");
    // Windows does not let other processes read a locked file; Wine does.
    const noted = await Deno.readTextFile(path).then((text) => text.trim(), () => "");
    if (Deno.build.os !== "windows") assertEquals(noted, String(Deno.pid));
    const holder = noted === "" ? "" : ` (pid ${noted})`;
    assertEquals(error.message, `${path} is locked by another process${holder}`);
  });
});

Deno.test({
  name: "acquire() rejects with the reason of its signal",
}, async () => {
  await withLockFile(async (path) => {
    const reason = new Error("enough");
    await assertRejects(
      () => systemLocks.acquire(path, { signal: AbortSignal.abort(reason) }),
      Error,
      "enough",
    );
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
    using _lock = await systemLocks.acquire(path);
    const controller = new AbortController();
    const waiting = systemLocks.acquire(path, { signal: controller.signal, timeoutMs: 60_000 });
    controller.abort(reason);
    assertEquals(await assertRejects(() => waiting), reason);
  });
});

Deno.test({
  name: "a killed process releases its lock",
}, async () => {
  await withLockFile(async (path) => {
    const script = `
      const file = await Deno.open(${JSON.stringify(path)}, { read: true, write: true, create: true });
      await file.lock(true);
      console.log("locked");
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    `;
    const holder = new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = holder.stdout.getReader();
    try {
      await reader.read();
      await assertRejects(
        () => systemLocks.acquire(path, { timeoutMs: 1 }),
        CliError,
        "is locked by another process",
      );
    } finally {
      holder.kill("SIGKILL");
    }
    using _lock = await systemLocks.acquire(path, { timeoutMs: 60_000 });
    await holder.status;
    await reader.cancel();
  });
});

Deno.test("acquire() reports a missing folder", async () => {
  await withLockFile(async (path) => {
    const error = await assertRejects(
      () => systemLocks.acquire(join(path, "nowhere")),
      CliError,
      "Could not lock",
    );
    assertEquals(error.code, "store");
  });
});
