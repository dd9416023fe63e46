import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../../src/errors.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { FileError } from "../../../src/system/files/file_error.ts";
import type { FileFacts, Files } from "../../../src/system/files/files.ts";
import { keyOf, makeStoreHome, sampleSession } from "../../support/fixtures/store_fixture.ts";

const HAS_MODES = Deno.build.os !== "windows";

Deno.test({
  name: "A symbolic link in place of a file is rejected, and its target unchanged",
  ignore: !HAS_MODES,
  async fn() {
    for (const name of ["tokens.enc", "key", "tokens.lock"]) {
      await using home = await makeStoreHome();
      await using victim = await makeStoreHome();
      await home.store().save(sampleSession("work"));
      await victim.write("victim", "mine");
      await Deno.remove(home.file(name));
      await Deno.symlink(victim.file("victim"), home.file(name));
      const error = await assertRejects(() => home.store().save(sampleSession("work")), CliError);
      assertEquals([error.code, error.message], [
        "store",
        `${home.file(name)} is a symbolic link, not a file`,
      ]);
      assertEquals(new TextDecoder().decode(await victim.read("victim")), "mine");
    }
  },
});

Deno.test({
  name: "A dangling symbolic link is rejected, and its target is not created",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await home.write("other", "");
    for (const name of ["tokens.enc", "key"]) {
      await Deno.symlink(home.file("nowhere"), home.file(name));
      await assertRejects(() => home.store().save(sampleSession("work")), CliError, "is a symbolic link");
      await assertRejects(() => Deno.lstat(home.file("nowhere")), Deno.errors.NotFound);
      await Deno.remove(home.file(name));
    }
  },
});

Deno.test({
  name: "A named pipe in place of a file is rejected without waiting for a writer",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    await Deno.remove(home.file("tokens.enc"));
    const { success } = await new Deno.Command("mkfifo", { args: [home.file("tokens.enc")] }).output();
    assertEquals(success, true);
    await assertRejects(() => home.store().read(keyOf("work")), CliError, "is a special file, not a file");
    await assertRejects(
      () => home.store().save(sampleSession("work")),
      CliError,
      "is a special file, not a file",
    );
  },
});

Deno.test("A file larger than any that the program writes is rejected without reading it", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const { read, open } = systemFiles;
  // A read of the whole file fails the test: it would take the memory of the machine.
  const files: Files = {
    ...systemFiles,
    async read(path, maxBytes) {
      assertEquals((await Deno.stat(path)).size <= 65_536, true, path);
      return await read(path, maxBytes);
    },
    async open(path) {
      const file = await open(path);
      return {
        facts: file.facts,
        size: file.size,
        read: (at, length) => (assertEquals(length <= 65_536, true, path), file.read(at, length)),
        [Symbol.dispose]: () => file[Symbol.dispose](),
      };
    },
  };
  const load = () => home.store({ files }).read(keyOf("work"));
  await Deno.truncate(home.file("key"), 800_000_000);
  await assertRejects(load, CliError, "Invalid key in the file");
  await Deno.truncate(home.file("tokens.enc"), 800_000_000);
  for (const use of [load, () => home.store({ files }).save(sampleSession("other"))]) {
    const error = await assertRejects(use, CliError, "the file is too large");
    assertEquals(error.code, "unreadable_store");
  }
  for (const name of ["profiles.json", "throttle.json"]) {
    await home.write(name, "{}");
    await Deno.truncate(home.file(name), 800_000_000);
    const error = await assertRejects(() => home.folder(files).read(name, "readable"), FileError);
    assertEquals(error.reason, "too_large");
  }
});

Deno.test("A directory in place of a file, and a file in place of the directory, are rejected", async () => {
  await using home = await makeStoreHome();
  await Deno.mkdir(home.file("tokens.enc"), { recursive: true, mode: 0o700 });
  if (HAS_MODES) await Deno.chmod(home.path, 0o700);
  await assertRejects(() => home.store().read(keyOf("work")), CliError, "is a folder, not a file");
  await Deno.remove(home.path, { recursive: true });
  await Deno.writeTextFile(home.path, "");
  await assertRejects(() => home.store().save(sampleSession("work")), CliError, "is a file, not a folder");
});

Deno.test({
  name: "Files and directories accessible to other users are restricted, with a notice",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    await Deno.chmod(home.path, 0o755);
    await Deno.chmod(home.file("tokens.enc"), 0o644);
    assertEquals((await home.store().read(keyOf("work")))?.profile, "work");
    assertEquals([await home.mode(), await home.mode("tokens.enc")], [0o700, 0o600]);
    assertEquals(home.notices, [
      `${home.path} was open to other users (mode 0755); its mode is now 0700`,
      `${home.file("tokens.enc")} was open to other users (mode 0644); its mode is now 0600`,
    ]);
    await home.store().read(keyOf("work"));
    assertEquals(home.notices.length, 2);
  },
});

Deno.test({
  name: "An accessible directory with other files in it is left unchanged, and not used",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await Deno.mkdir(home.path, { mode: 0o755 });
    await Deno.chmod(home.path, 0o755);
    await Deno.writeTextFile(home.file("somebody-elses.txt"), "");
    const error = await assertRejects(() => home.store().save(sampleSession("work")), CliError);
    assertEquals([error.code, error.message], [
      "store",
      `${home.path} is open to other users (mode 0755) and contains files of other programs, such as somebody-elses.txt`,
    ]);
    assertEquals([await home.mode(), home.notices], [0o755, []]);
    assertEquals((await Array.fromAsync(Deno.readDir(home.path))).map(({ name }) => name), [
      "somebody-elses.txt",
    ]);
    await Deno.chmod(home.path, 0o700);
    await home.store().save(sampleSession("work"));
  },
});

Deno.test({
  name: "A key that others can read is rejected, like by ssh",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    for (const mode of [0o640, 0o604, 0o660]) {
      await Deno.chmod(home.file("key"), mode);
      const error = await assertRejects(
        () => home.store().read(keyOf("work")),
        CliError,
        "is open to other users",
      );
      assertStringIncludes(error.hint ?? "", `chmod 600 ${home.file("key")}`);
    }
  },
});

Deno.test({
  name: "A mode that cannot be changed is rejected",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    await Deno.chmod(home.file("tokens.enc"), 0o666);
    const files = { ...systemFiles, chmod: () => Promise.resolve() };
    await assertRejects(
      () => home.store({ files }).read(keyOf("work")),
      CliError,
      "is open to other users (mode 0666), and its file system ignores changes to the mode",
    );
  },
});

Deno.test({
  name: "A file of another user is rejected",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    for (const name of ["tokens.enc", "key"]) {
      const files = { ...systemFiles, lstat: lstatWithStranger(home.file(name)) };
      await assertRejects(
        () => home.store({ files }).read(keyOf("work")),
        CliError,
        "belongs to another user",
      );
    }
  },
});

Deno.test({
  name: "save() creates nothing in a directory of another user",
  ignore: !HAS_MODES,
  async fn() {
    await using home = await makeStoreHome();
    await Deno.mkdir(home.path, { mode: 0o700 });
    const files = { ...systemFiles, lstat: lstatWithStranger(home.path) };
    const error = await assertRejects(() => home.store({ files }).save(sampleSession("work")), CliError);
    assertEquals(error.code, "store");
    assertStringIncludes(error.message, "belongs to another user");
    assertEquals((await home.names()).filter((name) => name !== "tokens.lock"), []);
  },
});

function lstatWithStranger(strangersPath: string): (path: string) => Promise<FileFacts | null> {
  return async (path) => {
    const facts = await systemFiles.lstat(path);
    return facts !== null && path === strangersPath ? { ...facts, uid: 123_456 } : facts;
  };
}

Deno.test("A key in the environment creates no key file, and decrypts what it encrypted", async () => {
  await using home = await makeStoreHome();
  const key = encodeBase64(crypto.getRandomValues(new Uint8Array(32)));
  await home.store({ key }).save(sampleSession("ci", "s3cret"));
  assertEquals((await home.names()).includes("key"), false);
  const session = await home.store({ key: ` ${key}\n` }).read(keyOf("ci"));
  assertEquals(session?.tokens[0]?.accessToken.reveal(), "s3cret");
});

Deno.test("An invalid key in the environment is an error that explains how to generate one, and does not quote it", async () => {
  await using home = await makeStoreHome();
  const error = await assertRejects(() => home.store({ key: "hunter2" }).save(sampleSession("ci")), CliError);
  assertStringIncludes(error.message, "Invalid ENTRA_AUTH_CLI_KEY: expected 32 bytes in base64");
  assertEquals(Deno.inspect(error).includes("hunter2"), false);
});

Deno.test({
  name: "A symbolic link in place of the directory is rejected, and its target unchanged",
  ignore: !HAS_MODES,
}, async () => {
  await using home = await makeStoreHome();
  const elsewhere = `${home.path}-elsewhere`;
  await Deno.mkdir(elsewhere, { mode: 0o755 });
  await Deno.symlink(elsewhere, home.path);
  await assertRejects(() => home.store().save(sampleSession("work")), CliError, "is a symbolic link, not a");
  assertEquals(await home.names(), []);
  assertEquals(((await Deno.stat(elsewhere)).mode ?? 0) & 0o777, 0o755);
});
