import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { FileError } from "../../../../src/system/files/file_error.ts";
import { systemFiles } from "../../../../src/system/files/deno_files.ts";

const HAS_MODES = Deno.build.os !== "windows";

async function inTemporaryFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("create() writes all data despite partial writes", async () => {
  const { write } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = function (data) {
    return write.call(this, data.subarray(0, 1000));
  };
  try {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "file");
      const content = crypto.getRandomValues(new Uint8Array(4500));
      await systemFiles.create(path, content);
      assertEquals(await Deno.readFile(path), content);
    });
  } finally {
    Deno.FsFile.prototype.write = write;
  }
});

Deno.test({
  name: "syncFolder() ignores file systems that cannot sync a folder, and reports other errors",
  ignore: !HAS_MODES,
  async fn() {
    const { sync } = Deno.FsFile.prototype;
    let code = "EINVAL";
    Deno.FsFile.prototype.sync = () => Promise.reject(Object.assign(new Error("os error"), { code }));
    try {
      await inTemporaryFolder(async (folder) => {
        await systemFiles.syncFolder(folder);
        code = "EIO";
        await assertRejects(() => systemFiles.syncFolder(folder), FileError, "Could not sync");
      });
    } finally {
      Deno.FsFile.prototype.sync = sync;
    }
  },
});

Deno.test("open() reads correctly across the end of the buffered head", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    const head = 32_768;
    for (const size of [head - 1, head, head + 1, head + 10]) {
      const content = crypto.getRandomValues(new Uint8Array(size));
      await Deno.writeFile(path, content);
      using file = await systemFiles.open(path);
      for (const end of [head - 1, head, head + 1, head + 2]) {
        assertEquals(
          await file.read(head - 10, end - head + 10),
          content.slice(head - 10, end),
          `${size} ${end}`,
        );
      }
    }
  });
});

Deno.test({
  name: "open() closes the file if it cannot be read",
  // Windows opens a folder as an empty file.
  ignore: Deno.build.os === "windows",
}, async () => {
  await inTemporaryFolder(async (folder) => {
    await assertRejects(() => systemFiles.open(folder), FileError);
  });
});

/**
 * Sets a limit on the size of files, and takes it back: with an earlier one Deno could not write its caches, and with a
 * later one it could not when it ends.
 */
const LIMITED_WRITE = `
import { systemFiles } from ${
  JSON.stringify(import.meta.resolve("../../../../src/system/files/deno_files.ts"))
};
import { systemLocks } from ${JSON.stringify(import.meta.resolve("../../../../src/system/files/lock.ts"))};
import { handleSignals } from ${
  JSON.stringify(import.meta.resolve("../../../../src/system/processes/signals.ts"))
};
handleSignals().signal;
const [path] = Deno.args;
const limit = (size) => new Deno.Command("prlimit", { args: ["--pid", String(Deno.pid), "--fsize=" + size] }).output();
await limit("0:unlimited");
const lock = await systemLocks.acquire(path + ".lock");
const error = await systemFiles.create(path, new Uint8Array(1)).catch((error) => error);
lock[Symbol.dispose]();
await limit("unlimited");
console.log(error.reason);
// As main.ts does: Deno handles a signal some time after it came, and without the listener it would end the program.
Deno.exit();
`;

Deno.test({
  name: "A limit on the size of files is an error of create(), ends no process, and does not prevent a lock",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const script = join(folder, "limited_write.ts");
      await Deno.writeTextFile(script, LIMITED_WRITE);
      const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-code-cache", ...flags, "--allow-all", script, join(folder, "file")],
        cwd: new URL("../../../../", import.meta.url),
      }).output();
      assertEquals([code, new TextDecoder().decode(stdout)], [0, "over_limit\n"]);
    }),
});
