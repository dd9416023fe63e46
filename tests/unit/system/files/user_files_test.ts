import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { CliError } from "../../../../src/errors.ts";
import { systemFiles } from "../../../../src/system/files/deno_files.ts";
import type { Files } from "../../../../src/system/files/files.ts";
import { readTextFile, writePrivateFile } from "../../../../src/system/files/user_files.ts";

const WAIT = { signal: new AbortController().signal };

Deno.test("readTextFile() reads a file up to the limit and rejects a larger one", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-files-" });
  try {
    const path = join(folder, "file");
    await Deno.writeTextFile(path, "four");
    assertEquals(await readTextFile(systemFiles, path, 4, WAIT), "four");
    const error = await assertRejects(
      () => readTextFile(systemFiles, path, 3, WAIT),
      CliError,
      "larger than 3 bytes",
    );
    assertEquals(error.code, "usage");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const HAS_LINKS = Deno.build.os !== "windows";

Deno.test("writePrivateFile() rejects the program's own files, also by another path", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-files-" });
  try {
    const home = join(folder, "home");
    await Deno.mkdir(join(home, "locks"), { recursive: true });
    await Deno.writeTextFile(join(home, "tokens.enc"), "mine");
    const paths = ["tokens.enc", "key", "profiles.json", "Profiles.JSON", "throttle.json", "locks/0123.lock"]
      .map((name) => join(home, name));
    if (HAS_LINKS) {
      await Deno.symlink(home, join(folder, "other"));
      await Deno.symlink("home/tokens.enc", join(folder, "link"));
      paths.push(join(folder, "other", "key"), join(folder, "link"));
    }
    for (const path of paths) {
      const write = () => writePrivateFile(systemFiles, path, "a token", home);
      const error = await assertRejects(write, CliError, "a file of entra-auth-cli itself");
      assertEquals(error.code, "usage");
    }
    assertEquals(await Deno.readTextFile(join(home, "tokens.enc")), "mine");
    await writePrivateFile(systemFiles, join(home, "token.txt"), "a token", home);
    await writePrivateFile(systemFiles, join(folder, "key"), "a token", home);
    await writePrivateFile(systemFiles, join(folder, "key"), "a token", join(folder, "no home"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "writePrivateFile() writes through a link of the user and rejects one of another user",
  ignore: !HAS_LINKS,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-files-" });
    try {
      const path = join(folder, "link");
      await Deno.mkdir(join(folder, "sub"));
      await Deno.symlink("sub/second", path);
      await Deno.symlink("target", join(folder, "sub", "second"));
      const home = join(folder, "home");
      const target = join(folder, "sub", "target");
      for (const text of ["new", "newer"]) {
        await writePrivateFile(systemFiles, path, text, home);
        assertEquals([await Deno.readTextFile(target), (await Deno.lstat(path)).isSymlink], [text, true]);
      }
      // The first link, both, and the second belong to another user.
      for (
        const foreign of [[path], [path, join(folder, "sub", "second")], [join(folder, "sub", "second")]]
      ) {
        const files: Files = {
          ...systemFiles,
          async lstat(name) {
            const facts = await systemFiles.lstat(name);
            return facts === null || !foreign.includes(name) ? facts : { ...facts, uid: 12345 };
          },
        };
        const write = () => writePrivateFile(files, path, "no", home);
        await assertRejects(write, CliError, "it is a link of another user");
      }
      assertEquals(await Deno.readTextFile(target), "newer");
      assertEquals([...Deno.readDirSync(join(folder, "sub"))].map(({ name }) => name).sort(), [
        "second",
        "target",
      ]);
      await Deno.symlink("circle", join(folder, "circle"));
      await assertRejects(
        () => writePrivateFile(systemFiles, join(folder, "circle"), "no", home),
        CliError,
        "form a loop",
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "writePrivateFile() discards what goes to /dev/null and refuses the descriptor of a pipe",
  ignore: !HAS_LINKS,
  async fn() {
    await writePrivateFile(systemFiles, "/dev/../dev/null", "a token", "/home");
    const files: Files = {
      ...systemFiles,
      lstat: async (path) => {
        const facts = await systemFiles.lstat("/");
        return path === "/dev/fd/63" && facts !== null ? { ...facts, kind: "symlink" } : null;
      },
      readLink: () => Promise.resolve("pipe:[4026]"),
    };
    const write = () => writePrivateFile(files, "/dev/fd/63", "a token", "/home");
    const error = await assertRejects(write, CliError, "Could not write /dev/fd/63: it is a special file");
    assertEquals([error.code, error.hint?.includes("stdout can be a pipe")], ["store", true]);
  },
});

Deno.test("readTextFile() stops waiting for a silent pipe when the time is up or a signal arrives", async () => {
  const silent: Files = { ...systemFiles, read: () => new Promise(() => {}) };
  const { signal } = WAIT;
  const late = await assertRejects(
    () => readTextFile(silent, "/pipe", 4, { signal, timeoutMs: 1 }),
    CliError,
  );
  assertEquals([late.code, late.message], [
    "timeout",
    "Timeout reading /pipe: it did not end within 0.001 s",
  ]);
  const reason = new CliError("interrupted", "Interrupted");
  const ended = AbortSignal.abort(reason);
  const error = await assertRejects(() => readTextFile(silent, "/pipe", 4, { signal: ended }));
  assertEquals(error, reason);
});
