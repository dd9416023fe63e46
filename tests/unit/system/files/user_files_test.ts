import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { CliError } from "../../../../src/errors.ts";
import { systemFiles } from "../../../../src/system/files/deno_files.ts";
import { readTextFile } from "../../../../src/system/files/user_files.ts";

Deno.test("readTextFile() reads a file up to the limit and rejects a larger one", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-files-" });
  try {
    const path = join(folder, "file");
    await Deno.writeTextFile(path, "four");
    assertEquals(await readTextFile(systemFiles, path, 4), "four");
    const error = await assertRejects(
      () => readTextFile(systemFiles, path, 3),
      CliError,
      "larger than 3 bytes",
    );
    assertEquals(error.code, "usage");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
