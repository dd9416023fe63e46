import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { FileError, fileError, type FileErrorReason } from "../../../../src/system/files/file_error.ts";
import { systemFiles } from "../../../../src/system/files/deno_files.ts";
import type { Files } from "../../../../src/system/files/files.ts";
import { replaceFile } from "../../../../src/system/files/file_changes.ts";

const HAS_MODES = Deno.build.os !== "windows";

async function inTemporaryFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function names(folder: string): Promise<string[]> {
  return (await systemFiles.list(folder)).sort();
}

Deno.test("lstat() distinguishes files, folders and missing paths", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    assertEquals(await systemFiles.lstat(path), null);
    await systemFiles.create(path, bytes("x"));
    assertEquals((await systemFiles.lstat(path))?.kind, "file");
    assertEquals((await systemFiles.lstat(folder))?.kind, "folder");
    assertEquals((await systemFiles.lstat(path))?.mode, HAS_MODES ? 0o600 : null);
  });
});

Deno.test("create() writes a new file and overwrites none", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    await systemFiles.create(path, bytes("mine"));
    const error = await assertRejects(() => systemFiles.create(path, bytes("yours")), FileError);
    assertEquals([error.reason, error.path], ["exists", path]);
    assertEquals(await Deno.readTextFile(path), "mine");
  });
});

Deno.test({
  name: "create() does not follow a symbolic link",
  ignore: !HAS_MODES,
  async fn() {
    await inTemporaryFolder(async (folder) => {
      await Deno.symlink(join(folder, "target"), join(folder, "link"));
      await assertRejects(
        () => systemFiles.create(join(folder, "link"), bytes("x")),
        FileError,
        "already exists",
      );
      assertEquals(await names(folder), ["link"]);
    });
  },
});

Deno.test("open() reads parts of the same file even after another takes its name", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    const content = crypto.getRandomValues(new Uint8Array(60_000));
    await systemFiles.create(path, content);
    using file = await systemFiles.open(path);
    assertEquals(file.size, content.length);
    if (HAS_MODES) await replaceFile(systemFiles, path, bytes("new"));
    const parts: [number, number][] = [[0, 10], [50_000, 5_000], [5, 50_000], [59_990, 10], [0, 60_000]];
    for (const [at, length] of parts) {
      assertEquals(await file.read(at, length), content.slice(at, at + length));
    }
    assertEquals((await file.read(59_990, 100)).length, 10);
    assertEquals((await file.read(70_000, 1)).length, 0);
  });
});

Deno.test("makeFolder() creates missing parents and accepts an existing folder", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a", "b");
    await systemFiles.makeFolder(path);
    await systemFiles.makeFolder(path);
    assertEquals((await systemFiles.lstat(path))?.mode, HAS_MODES ? 0o700 : null);
    assertEquals((await systemFiles.lstat(join(folder, "a")))?.mode, HAS_MODES ? 0o700 : null);
  });
});

Deno.test("replaceFile() replaces a file with mode 0600", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    await Deno.writeTextFile(path, "old", { mode: 0o644 });
    await replaceFile(systemFiles, path, bytes("new"));
    assertEquals(await Deno.readTextFile(path), "new");
    assertEquals((await systemFiles.lstat(path))?.mode, HAS_MODES ? 0o600 : null);
    assertEquals(await names(folder), ["file"]);
  });
});

Deno.test({
  name: "replaceFile() replaces a link and leaves its target and other hard links alone",
  ignore: !HAS_MODES,
  async fn() {
    await inTemporaryFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "target"), "old");
      await Deno.symlink(join(folder, "target"), join(folder, "link"));
      await Deno.link(join(folder, "target"), join(folder, "second name"));
      await replaceFile(systemFiles, join(folder, "link"), bytes("new"));
      await replaceFile(systemFiles, join(folder, "second name"), bytes("new"));
      assertEquals(await Deno.readTextFile(join(folder, "target")), "old");
      assertEquals((await systemFiles.lstat(join(folder, "link")))?.kind, "file");
    });
  },
});

Deno.test("replaceFile() rejects a path that is not a file", async () => {
  await inTemporaryFolder(async (folder) => {
    await systemFiles.makeFolder(join(folder, "sub"));
    await assertRejects(
      () => replaceFile(systemFiles, join(folder, "sub"), bytes("x")),
      Error,
      "it is a folder",
    );
    if (HAS_MODES) {
      // Not a device of the machine: root would lose it if this test fails.
      await new Deno.Command("mkfifo", { args: [join(folder, "pipe")] }).output();
      await assertRejects(
        () => replaceFile(systemFiles, join(folder, "pipe"), bytes("x")),
        Error,
        "it is a special file",
      );
    }
    assertEquals(await names(folder), HAS_MODES ? ["pipe", "sub"] : ["sub"]);
  });
});

Deno.test("replaceFile() reports a missing folder", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "nowhere", "file");
    const error = await assertRejects(() => replaceFile(systemFiles, path, bytes("x")), FileError);
    assertEquals([error.code, error.reason], ["store", "not_found"]);
  });
});

Deno.test({
  name: "a full disk is reported as such",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const full = await assertRejects(() => Deno.writeTextFile("/dev/full", "x"));
    const error = fileError(full, "write /dev/full", "/dev/full");
    assertEquals([error.code, error.message], ["store", "Could not write /dev/full: the disk is full"]);
    assertEquals(error.hint?.startsWith("Free disk space"), true);
  },
});

Deno.test("fileError() distinguishes the reasons of a failure", () => {
  const withCode = (code: string) => Object.assign(new Error("os error"), { code });
  const table: [Error, FileErrorReason][] = [
    [withCode("ENOSPC"), "full"],
    [withCode("EDQUOT"), "full"],
    [withCode("EROFS"), "read_only"],
    [withCode("EACCES"), "denied"],
    [withCode("EMFILE"), "too_many_open"],
    [withCode("ENOLCK"), "unsupported"],
    [withCode("EISDIR"), "not_a_file"],
    [withCode("EIO"), "other"],
    // Deno gives no code for these.
    [new Error("Disk quota exceeded (os error 122)"), "full"],
    [new Error("Too many open files in system (os error 23)"), "too_many_open"],
    [new Error("No locks available (os error 37)"), "unsupported"],
    [new Error("Function not implemented (os error 38)"), "unsupported"],
    [new Deno.errors.NotFound("x"), "not_found"],
    [new Deno.errors.AlreadyExists("x"), "exists"],
    [new Deno.errors.PermissionDenied("x"), "denied"],
  ];
  for (const [cause, reason] of table) {
    const error = fileError(cause, "write /x", "/x");
    assertEquals([error instanceof FileError && error.reason, error.code, error.cause], [
      reason,
      "store",
      cause,
    ]);
  }
  const already = new FileError("full", "write /x", "/x");
  assertEquals(fileError(already, "read /y", "/y"), already);
});

Deno.test({
  name: "create() sets mode 0600 when it creates the file",
  ignore: !HAS_MODES,
}, async () => {
  await inTemporaryFolder(async (folder) => {
    // The metadata is that of the new file before any mode is set.
    assertEquals((await systemFiles.create(join(folder, "file"), bytes("x"))).mode, 0o600);
  });
});

Deno.test("create() and syncFolder() sync to disk", async () => {
  const { sync } = Deno.FsFile.prototype;
  let synced = 0;
  Deno.FsFile.prototype.sync = function () {
    synced++;
    return sync.call(this);
  };
  try {
    await inTemporaryFolder(async (folder) => {
      await systemFiles.create(join(folder, "file"), bytes("x"));
      assertEquals(synced, 1);
      await systemFiles.syncFolder(folder);
      assertEquals(synced, HAS_MODES ? 2 : 1);
    });
  } finally {
    Deno.FsFile.prototype.sync = sync;
  }
});

Deno.test("replaceFile() writes under an unpredictable name, renames, then syncs the folder", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    const steps: string[] = [];
    const files: Files = {
      ...systemFiles,
      create: (file, data) => (steps.push(file), systemFiles.create(file, data)),
      rename: (from, to) => (steps.push(`rename ${from} ${to}`), systemFiles.rename(from, to)),
      syncFolder: (at) => (steps.push(`sync ${at}`), systemFiles.syncFolder(at)),
    };
    await replaceFile(files, path, bytes("one"));
    await replaceFile(files, path, bytes("two"));
    const [first = "", , , second = ""] = steps;
    assertEquals(
      steps,
      [first, second].flatMap((draft) => [draft, `rename ${draft} ${path}`, `sync ${folder}`]),
    );
    assertNotEquals(first, second);
    for (const draft of [first, second]) assertMatch(draft, /\.file\.[0-9a-f]{16}\.tmp$/);
  });
});
