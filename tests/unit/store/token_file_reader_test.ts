import { assert, assertEquals } from "@std/assert";
import type { KeyStoreContext } from "../../../src/store/keystore/open_key_store.ts";
import { TokenFileReader } from "../../../src/store/token_file_reader.ts";
import type { Files } from "../../../src/system/files/files.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import type { Processes } from "../../../src/system/processes/processes.ts";
import { MemorySecretTool } from "../../support/fixtures/memory_secret_tool.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const IN_FILE = { ENTRA_AUTH_CLI_KEYRING: "file" };
const IN_SERVICE = { ENTRA_AUTH_CLI_KEYRING: "secret-service" };

/** The operations of `Files` that a reader may use. */
const READS: readonly string[] = ["userId", "lstat", "open", "read"];

/** A file system that records every operation that is not a read. */
function watchedFiles(writes: string[]): Files {
  return new Proxy(systemFiles, {
    get(target, name) {
      const operation: unknown = Reflect.get(target, name);
      if (typeof operation !== "function" || READS.includes(String(name))) return operation;
      return (...args: unknown[]) => {
        writes.push(String(name));
        return Reflect.apply(operation, target, args);
      };
    },
  });
}

/** Records the actions of secret-tool. */
function watchedTool(tool: MemorySecretTool, actions: string[]): Pick<Processes, "run"> {
  return {
    run(command, args, options) {
      actions.push(args[0] ?? "");
      return tool.run(command, args, options);
    },
  };
}

/** Returns the content of every file in the home folder. */
async function contentsOf(home: StoreHome): Promise<[string, Uint8Array][]> {
  const files = (await home.names()).filter((name) => name !== "locks");
  return await Promise.all(
    files.map(async (name): Promise<[string, Uint8Array]> => [name, await home.read(name)]),
  );
}

for (const [from, to] of [[IN_FILE, IN_SERVICE], [IN_SERVICE, IN_FILE]] as const) {
  const direction = `${from.ENTRA_AUTH_CLI_KEYRING} to ${to.ENTRA_AUTH_CLI_KEYRING}`;
  Deno.test(`TokenFileReader reports a key migration from ${direction}, and changes no file and no key store`, async () => {
    await using home = await makeStoreHome();
    const tool = new MemorySecretTool();
    await home.store({ env: from, processes: tool }).save(sampleSession("work"));
    await Deno.remove(home.file("tokens.lock"));
    const [files, items] = [await contentsOf(home), new Map(tool.items)];

    const [writes, actions]: [string[], string[]] = [[], []];
    const readerWith = (env: Readonly<Record<string, string>>) => {
      const context: KeyStoreContext = {
        env: { get: (name) => env[name] },
        os: "linux",
        folder: home.folder(watchedFiles(writes)),
        processes: watchedTool(tool, actions),
        dataProtection: () => {
          throw new Error("not available");
        },
      };
      return new TokenFileReader(context);
    };
    const [reader, unforced] = [readerWith(to), readerWith({})];
    assertEquals(await reader.read(async (file) => (await file.all()).length), {
      result: 1,
      needsKeyMigration: true,
    });
    const whole = await reader.readWhole();
    assert(whole !== null && reader.keys.needsKeyMigration(whole.key));
    assertEquals((await unforced.read(() => Promise.resolve(null)))?.needsKeyMigration, false);

    assertEquals([await contentsOf(home), tool.items], [files, items]);
    assertEquals([writes, actions.filter((action) => action !== "search")], [[], []]);
    assertEquals(home.notices, []);
  });
}

Deno.test("read() of the store moves the key that the reader only reports", async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  await home.store({ env: IN_FILE, processes }).save(sampleSession("work"));
  assertEquals((await home.store({ env: IN_SERVICE, processes }).read(keyOf("work")))?.profile, "work");
  assertEquals([(await home.read("tokens.enc"))[5], processes.items.size], [5, 1]);
});
