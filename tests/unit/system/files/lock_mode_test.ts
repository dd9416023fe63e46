import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { FileError } from "../../../../src/system/files/file_error.ts";
import { systemLocks } from "../../../../src/system/files/lock.ts";

Deno.test({
  name: "acquire() closes a lock file that is open to other users",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    try {
      const path = join(folder, "test.lock");
      await Deno.writeTextFile(path, "");
      await Deno.chmod(path, 0o644);
      (await systemLocks.acquire(path))[Symbol.dispose]();
      assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "acquire() follows no link, also one that takes the place of the file while it is opened",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    const [path, victim] = [join(folder, "test.lock"), join(folder, "victim")];
    const { lstat } = Deno;
    try {
      await Deno.writeTextFile(victim, "content");
      await Deno.symlink(victim, path);
      await assertRejects(() => systemLocks.acquire(path), FileError, "not a regular file");
      await Deno.remove(path);
      await Deno.symlink(join(folder, "missing"), path);
      await assertRejects(() => systemLocks.acquire(path), FileError, "not a regular file");
      await Deno.remove(path);

      await Deno.writeTextFile(path, "");
      Deno.lstat = async (given) => {
        const facts = await lstat(given);
        Deno.lstat = lstat;
        await Deno.remove(path);
        await Deno.symlink(victim, path);
        return facts;
      };
      const error = await assertRejects(() => systemLocks.acquire(path), FileError);
      assertEquals(error.reason, "replaced");
      assertEquals(await Deno.readTextFile(victim), "content");
      assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 2);
    } finally {
      Deno.lstat = lstat;
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "acquire() refuses and leaves alone a file of another owner than the given one",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    try {
      const path = join(folder, "test.lock");
      await Deno.writeTextFile(path, "content");
      const error = await assertRejects(() => systemLocks.acquire(path, { owner: 54_321 }), FileError);
      assertEquals(error.reason, "foreign");
      assertEquals(await Deno.readTextFile(path), "content");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
