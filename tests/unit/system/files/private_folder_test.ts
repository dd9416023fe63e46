import { assertEquals, assertRejects } from "@std/assert";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { CliError } from "../../../../src/errors.ts";
import { FileError } from "../../../../src/system/files/file_error.ts";
import { systemFiles } from "../../../../src/system/files/deno_files.ts";
import { inspectParents } from "../../../../src/system/files/file_permissions.ts";
import type { FileFacts, Files } from "../../../../src/system/files/files.ts";
import { systemLocks } from "../../../../src/system/files/lock.ts";
import { openPrivateFolder, type PrivateFolder } from "../../../../src/system/files/private_folder.ts";

const HAS_MODES = Deno.build.os !== "windows";

/** Runs `test` with the private folder `home` in a temporary folder. */
async function withFolder(
  test: (folder: PrivateFolder, path: string, notices: string[]) => Promise<void>,
  files: Files = systemFiles,
): Promise<void> {
  const temporary = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const notices: string[] = [];
  try {
    const path = join(temporary, "home");
    const notice = (message: string) => void notices.push(message);
    await test(openPrivateFolder({ path, files, locks: systemLocks, notice }), path, notices);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function namesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
}

Deno.test("replace() removes leftovers only of its own file, since those of others may be in use", async () => {
  await withFolder(async (folder, path) => {
    await folder.replace("one", new Uint8Array(1));
    for (const draft of [".one.0123.tmp", ".two.0123.tmp", "x.tmp"]) {
      await Deno.writeTextFile(join(path, draft), "");
    }
    await folder.replace("one", new Uint8Array(1));
    assertEquals(await namesIn(path), [".two.0123.tmp", "one", "x.tmp"]);
  });
});

Deno.test("replace() reports the first error, not a failed clean-up", async () => {
  const full = new FileError("full", "write one", "one");
  const files: Files = {
    ...systemFiles,
    async create(path, data) {
      await systemFiles.create(path, data);
      throw full;
    },
    remove: (path) => Promise.reject(new FileError("read_only", "remove one", path)),
  };
  await withFolder(async (folder) => {
    assertEquals(await assertRejects(() => folder.replace("one", new Uint8Array(1))), full);
  }, files);
});

Deno.test("readChanged() reads a file again only if it was replaced or changed", async () => {
  let changedMs: number | null = null;
  const files: Files = {
    ...systemFiles,
    async open(path) {
      const opened = await systemFiles.open(path);
      return { ...opened, facts: { ...opened.facts, changedMs } };
    },
  };
  await withFolder(async (folder, path) => {
    const file = join(path, "one");
    assertEquals(await folder.readChanged("one", "private", null), null);
    await folder.replace("one", new Uint8Array([1, 2]));
    let known: FileFacts | null = null;
    const read = async () => {
      const found = await folder.readChanged("one", "private", known);
      known = found?.facts ?? null;
      return found?.bytes ?? null;
    };
    for (let times = 0; times < 2; times++) {
      assertEquals(await read(), new Uint8Array([1, 2]), "the next change could have the same time");
    }
    changedMs = 1000;
    assertEquals(await read(), new Uint8Array([1, 2]));
    // Windows identifies no file.
    assertEquals(await read(), HAS_MODES ? null : new Uint8Array([1, 2]));

    await folder.replace("one", new Uint8Array([3, 4]));
    assertEquals(await read(), new Uint8Array([3, 4]), "another file of the same length and time");
    await Deno.writeFile(file, new Uint8Array([5, 6]));
    changedMs = 2000;
    assertEquals(await read(), new Uint8Array([5, 6]), "another time");
    await Deno.writeFile(file, new Uint8Array([7, 8, 9]));
    assertEquals(await read(), new Uint8Array([7, 8, 9]), "another length");
  }, files);
});

Deno.test("factsOf() tells when a file changed, unless the next change could have the same time", async () => {
  await withFolder(async (folder, path) => {
    await folder.replace("one", new Uint8Array(1));
    const file = join(path, "one");
    // No program can set the time of the change.
    await Deno.utime(file, 1, 1);
    assertEquals((await systemFiles.lstat(file))?.changedMs, null);
    const changed = (await Deno.lstat(Deno.execPath())).ctime;
    assertEquals((await systemFiles.lstat(Deno.execPath()))?.changedMs, changed?.getTime() ?? null);
  });
});

Deno.test("inspectParents() finds the first parent that exists, through a link, and leaves out what it cannot inspect", async () => {
  await withFolder(async (_folder, path) => {
    const parent = dirname(path);
    const kindsAbove = async (path: string) =>
      Object.entries(await inspectParents(systemFiles, path)).map(([path, facts]) => [path, facts?.kind]);
    assertEquals(await kindsAbove(path), [[parent, "folder"]]);
    const deeper = join(path, "a");
    assertEquals(await kindsAbove(join(deeper, "b")), [
      [deeper, undefined],
      [path, undefined],
      [parent, "folder"],
    ]);
    const failing = {
      ...systemFiles,
      lstat: (path: string) => Promise.reject(new FileError("denied", "inspect", path)),
    };
    assertEquals(await inspectParents(failing, path), {});
    if (!HAS_MODES) return;
    await Deno.mkdir(path);
    const link = join(parent, "link");
    await Deno.symlink(path, link);
    assertEquals(await kindsAbove(join(link, "home")), [[link, "folder"]]);
  });
});

Deno.test("rename() syncs the new name to disk", async () => {
  const steps: string[] = [];
  const files: Files = {
    ...systemFiles,
    rename: (from, to) => (steps.push("rename"), systemFiles.rename(from, to)),
    syncFolder: (path) => (steps.push(`sync ${path}`), systemFiles.syncFolder(path)),
  };
  await withFolder(async (folder, path) => {
    await folder.replace("one", new Uint8Array(1));
    steps.length = 0;
    assertEquals(await folder.rename("one", "two"), join(path, "two"));
    assertEquals(steps, ["rename", `sync ${path}`]);
    assertEquals([await folder.rename("one", "three"), steps.length], [null, 2]);
  }, files);
});

Deno.test({
  name: "a subfolder requires that its parent is private",
  ignore: !HAS_MODES,
  async fn() {
    await withFolder(async (folder, path, notices) => {
      await folder.subfolder("locks").replace("one", new Uint8Array(1));
      await Deno.chmod(path, 0o755);
      await folder.subfolder("locks").replace("one", new Uint8Array(1));
      assertEquals(((await Deno.lstat(path)).mode ?? 0) & 0o777, 0o700);
      assertEquals(notices.length, 1);
      await Deno.chmod(path, 0o755);
      await Deno.writeTextFile(join(path, "somebody-elses.txt"), "");
      await assertRejects(
        () => folder.subfolder("locks").lock("one.lock", {}),
        CliError,
        "contains files of other programs",
      );
    });
  },
});

Deno.test({
  name: "a folder that is open to other users is closed if it contains only files of this program",
  ignore: !HAS_MODES,
  async fn() {
    const own = ["tokens.enc", "tokens.enc.unreadable-20261122T093000Z-2", "tokens.lock", "key", "key.dpapi"];
    own.push(
      "key.damaged-20261122T093000Z",
      ".key.0123456789abcdef.tmp",
      ".tokens.enc.swp",
      "profiles.json~",
    );
    own.push("profiles.json", "profiles.lock", "locks");
    const inLocks = [
      "0123456789abcdef.lock",
      "0123456789abcdef.sign-in.lock",
      "0123456789abcdef.sign-in.json",
    ];
    await withFolder(async (folder, path, notices) => {
      const locks = join(path, "locks");
      await folder.replace("one", new Uint8Array(1));
      await folder.remove("one");
      await Deno.mkdir(locks);
      for (const name of own.slice(0, -1)) await Deno.writeTextFile(join(path, name), "");
      for (const name of inLocks) await Deno.writeTextFile(join(locks, name), "");
      for (const open of [path, locks]) await Deno.chmod(open, 0o755);
      await folder.subfolder("locks").replace("fedcba9876543210.sign-in.json", new Uint8Array(1));
      assertEquals(notices.length, 2);
      assertEquals(await namesIn(path), own.sort());
      for (const open of [path, locks]) assertEquals(((await Deno.lstat(open)).mode ?? 0) & 0o777, 0o700);
    });
  },
});

Deno.test({
  name: "lock() reports a lock file that others could write, not one that they could only read",
  ignore: !HAS_MODES,
  async fn() {
    for (const [mode, notes] of [[0o644, 0], [0o620, 1], [0o602, 1]] as const) {
      await withFolder(async (folder, path, notices) => {
        (await folder.lock("one.lock", {}))[Symbol.dispose]();
        await Deno.chmod(join(path, "one.lock"), mode);
        (await folder.lock("one.lock", {}))[Symbol.dispose]();
        assertEquals([notices.length, ((await Deno.lstat(join(path, "one.lock"))).mode ?? 0) & 0o777], [
          notes,
          0o600,
        ]);
      });
    }
  },
});

Deno.test({
  name: "a mode that cannot be changed is an error with a hint, and other errors pass through",
  ignore: !HAS_MODES,
  async fn() {
    for (
      const [reason, message] of [
        ["denied", "(mode 0644), and the system does not let you change that"],
        ["read_only", "the file system is read-only"],
      ] as const
    ) {
      const files: Files = {
        ...systemFiles,
        chmod: (path) => Promise.reject(new FileError(reason, `change ${path}`, path)),
      };
      await withFolder(async (folder, path) => {
        await folder.replace("one", new Uint8Array(1));
        await Deno.chmod(join(path, "one"), 0o644);
        const error = await assertRejects(() => folder.read("one", "private"), CliError, message);
        assertEquals([error.code, error.hint?.includes("ENTRA_AUTH_CLI_HOME")], ["store", true]);
      }, files);
    }
  },
});

Deno.test({
  name: "read() does not return a file that took the place of the one that was checked",
  ignore: !HAS_MODES,
  async fn() {
    const swap = async (path: string) => {
      await Deno.remove(path);
      await Deno.symlink(`${path}.other`, path);
    };
    const files: Files = {
      ...systemFiles,
      async open(path) {
        await swap(path);
        const opened = await systemFiles.open(path);
        // In time for the next check.
        await Deno.remove(path);
        await Deno.writeTextFile(path, "own", { mode: 0o600 });
        return opened;
      },
    };
    await withFolder(async (folder, path) => {
      await folder.replace("file", new TextEncoder().encode("own"));
      await Deno.writeTextFile(join(path, "file.other"), "other", { mode: 0o600 });
      const error = await assertRejects(() => folder.read("file", "private"), FileError);
      assertEquals(error.reason, "replaced");
    }, files);
  },
});

Deno.test({
  name: "read() returns a file that was replaced while it was opened",
  ignore: !HAS_MODES,
  async fn() {
    let replacements = 0;
    const files: Files = {
      ...systemFiles,
      async open(path) {
        if (replacements++ === 0) {
          await Deno.writeTextFile(`${path}.new`, "new", { mode: 0o600 });
          await Deno.rename(`${path}.new`, path);
        }
        return await systemFiles.open(path);
      },
    };
    await withFolder(async (folder) => {
      await folder.replace("file", new TextEncoder().encode("old"));
      assertEquals(new TextDecoder().decode(await folder.read("file", "private") ?? undefined), "new");
    }, files);
  },
});

Deno.test({
  name: "A folder is refused if its parent belongs to another user, or a group may write to it",
  ignore: !HAS_MODES,
  async fn() {
    const change = { uid: Deno.uid(), gid: 54_321, mode: 0o775, isSticky: false };
    const expected: [Partial<FileFacts>, boolean][] = [
      [{}, false],
      [{ mode: 0o755 }, true],
      [{ isSticky: true }, true],
      [{ gid: 0 }, true],
      [{ gid: Deno.uid() }, true],
      [{ gid: 0, mode: 0o777 }, false],
      [{ uid: 54_321, mode: 0o755 }, false],
      [{ uid: 54_321, mode: 0o1755, isSticky: true }, false],
      [{ uid: 0, mode: 0o755 }, true],
    ];
    for (const [facts, isSafe] of expected) {
      let parent = "";
      const files: Files = {
        ...systemFiles,
        async lstat(path) {
          const real = await systemFiles.lstat(path);
          return real === null || path !== parent ? real : { ...real, ...change, ...facts };
        },
      };
      await withFolder(async (folder, path) => {
        await Deno.mkdir(path, { mode: 0o700 });
        parent = dirname(path);
        const reading = folder.has("file");
        if (isSafe) assertEquals(await reading, false);
        else assertEquals((await assertRejects(() => reading, CliError)).code, "store", Deno.inspect(facts));
      }, files);
    }
  },
});

Deno.test({
  name: "A parent that is a link is checked where it leads, and one that Deno may not read is not checked",
  ignore: !HAS_MODES,
  async fn() {
    await withFolder(async (folder, path) => {
      await folder.replace("file", new Uint8Array(1));
      const link = join(path, "link");
      await Deno.symlink(dirname(path), link);
      const linked = openPrivateFolder({
        path: join(link, "home"),
        files: systemFiles,
        locks: systemLocks,
        notice: () => {},
      });
      assertEquals(await linked.has("file"), true);
      await Deno.chmod(dirname(path), 0o777);
      await assertRejects(() => linked.has("file"), CliError, "can be replaced by other users");
      await Deno.chmod(dirname(path), 0o700);
    });
    let top = "";
    const files: Files = {
      ...systemFiles,
      lstat: (path) =>
        path === top
          ? Promise.reject(new CliError("permission", "Inspecting it is not permitted"))
          : systemFiles.lstat(path),
    };
    await withFolder(async (folder, path) => {
      top = dirname(path);
      await folder.replace("file", new Uint8Array(1));
      assertEquals(await folder.has("file"), true);
    }, files);
  },
});
