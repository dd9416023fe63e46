import { assertEquals } from "@std/assert";
import { join } from "@std/path/join";
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
