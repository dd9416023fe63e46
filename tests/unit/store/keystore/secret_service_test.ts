import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";
import { CliError } from "../../../../src/errors.ts";
import type { DataKey, KeyId, KeyStore } from "../../../../src/store/keystore/key_store.ts";
import { findSecretService, secretServiceKeyStore } from "../../../../src/store/keystore/secret_service.ts";
import {
  type Processes,
  type RunOptions,
  systemProcesses,
} from "../../../../src/system/processes/processes.ts";
import {
  hasNoSecretService,
  openSecretService,
  type SecretService,
  type SecretServiceOptions,
} from "../../../support/secrets/secret_service.ts";

const NO_SCREEN = { get: () => undefined };
const SCREEN = { get: (name: string) => name === "DISPLAY" ? ":0" : undefined };
const OTHER_ID = new Uint8Array(8);

/** A test with a session of its own. */
function test(name: string, fn: (service: SecretService) => Promise<void>, options?: SecretServiceOptions) {
  Deno.test({
    name,
    ignore: hasNoSecretService,
    async fn() {
      await using service = await openSecretService(options);
      await fn(service);
    },
  });
}

interface Run extends RunOptions {
  readonly args: readonly string[];
}

/** Notes what is run, and waits for none of it longer than `patienceMs`. */
function watch(
  service: SecretService,
  patienceMs = 60_000,
): { runs: Run[]; processes: Pick<Processes, "run"> } {
  const runs: Run[] = [];
  return {
    runs,
    processes: {
      run(command, args, options) {
        runs.push({ args, ...options });
        return service.processes.run(command, args, {
          ...options,
          timeoutMs: Math.min(options.timeoutMs, patienceMs),
        });
      },
    },
  };
}

/** Runs programs in the session with other variables. */
function withVariables(service: SecretService, env: Record<string, string>): Pick<Processes, "run"> {
  return {
    run: (command, args, options) =>
      service.processes.run(command, args, { ...options, env: { ...options.env, ...env } }),
  };
}

/** Puts a shell script in the place of secret-tool, in the folder of the session. */
async function replaceSecretTool(service: SecretService, script: string): Promise<Pick<Processes, "run">> {
  const folder = join(service.env.HOME ?? "", "bin");
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "secret-tool"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return withVariables(service, { PATH: `${folder}:${Deno.env.get("PATH")}` });
}

async function errorOf(promise: Promise<unknown>): Promise<CliError> {
  return await assertRejects(() => promise, CliError);
}

function usesOf(keyStore: KeyStore, id: KeyId): (() => Promise<unknown>)[] {
  return [() => keyStore.load(id), () => keyStore.obtain(".old"), () => keyStore.forget(id)];
}

async function isSameKey(a: DataKey, b: DataKey | null): Promise<boolean> {
  assert(b !== null);
  const iv = new Uint8Array(12);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, a.key, new Uint8Array(3));
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, b.key, sealed);
  return opened.byteLength === 3 && encodeHex(await a.id()) === encodeHex(await b.id());
}

test("secretServiceKeyStore() keeps a key until it is to be forgotten", async (service) => {
  const key = await secretServiceKeyStore(service.processes, NO_SCREEN).obtain(".old");
  const keyStore = secretServiceKeyStore(service.processes, NO_SCREEN);
  assert(await isSameKey(key, await keyStore.load(await key.id())));
  await keyStore.forget(await key.id());
  assertEquals(await keyStore.load(await key.id()), null);
  await keyStore.forget(await key.id());
});

test("secretServiceKeyStore() keeps each key in an item of its own, under the names that people look for", async (service) => {
  const keyStore = secretServiceKeyStore(service.processes, NO_SCREEN);
  const [first, second] = [await keyStore.obtain(".old"), await keyStore.obtain(".old")];
  assertNotEquals(encodeHex(await first.id()), encodeHex(await second.id()));
  const found = await service.processes.run("secret-tool", [
    "search",
    "--all",
    "service",
    "entra-auth-cli-cli",
  ], {
    timeoutMs: 10_000,
  });
  assert(found.kind === "ended");
  assertEquals(found.stdout.match(/^label = entra-auth-cli token key$/gm)?.length, 2, found.stdout);
  assertEquals(await keyStore.load(OTHER_ID), null);
  await keyStore.forget(await first.id());
  assertEquals(await keyStore.load(await first.id()), null);
  assert(await isSameKey(second, await keyStore.load(await second.id())));
});

test("secretServiceKeyStore() shows the key to nobody in a command line or a variable", async (service) => {
  const log = join(service.env.HOME ?? "", "log");
  const processes = await replaceSecretTool(
    service,
    `PATH=$(printf %s "$PATH" | sed 's/^[^:]*://')
    { tr '\\0' ' ' < /proc/$$/cmdline; env; } >> '${log}'
    exec secret-tool "$@"`,
  );
  const inputs: string[] = [];
  const keyStore = secretServiceKeyStore({
    run(command, args, options) {
      if (options.input !== undefined) inputs.push(options.input);
      return processes.run(command, args, options);
    },
  }, NO_SCREEN);
  const key = await keyStore.obtain(".old");
  assert(await isSameKey(key, await keyStore.load(await key.id())));
  await keyStore.forget(await key.id());
  const seen = await Deno.readTextFile(log);
  assertEquals(inputs.length, 1);
  assertMatch(inputs[0] ?? "", /^[\w+/]{43}=$/);
  for (const command of ["store", "search", "clear"]) {
    assertMatch(seen, new RegExp(`secret-tool ${command} `));
  }
  assert(!seen.includes(inputs[0]?.slice(0, 12) ?? ""));
});

for (const lock of ["lock", "restartLocked"] as const) {
  test(`secretServiceKeyStore() says at once that the keyring is locked where there is no screen (${lock})`, async (service) => {
    const { runs, processes } = watch(service);
    const keyStore = secretServiceKeyStore(processes, NO_SCREEN);
    const key = await keyStore.obtain(".old");
    await service[lock]();
    for (const work of usesOf(keyStore, await key.id())) {
      const { code, message, hint } = await errorOf(work());
      assertEquals([code, message], ["store", "The keyring of the Secret Service is locked"]);
      assertMatch(hint ?? "", /^Unlock it/);
    }
    assertEquals(new Set(runs.map(({ timeoutMs }) => timeoutMs)), new Set([5000]));
    assert(!runs.some(({ args }) => args.includes("--unlock")));
    assertEquals(await findSecretService(processes), { kind: "available" });
    await service.unlock();
    assert(await isSameKey(key, await keyStore.load(await key.id())), "what is locked is kept");
  });
}

test("secretServiceKeyStore() lets the keyring ask for its password on a screen, for a minute", async (service) => {
  const { runs, processes } = watch(service);
  const key = await secretServiceKeyStore(processes, NO_SCREEN).obtain(".old");
  await service.lock();
  const withPerson: Pick<Processes, "run"> = {
    async run(command, args, options) {
      if (args.includes("--unlock")) await service.unlock();
      return await processes.run(command, args, options);
    },
  };
  runs.length = 0;
  assert(await isSameKey(key, await secretServiceKeyStore(withPerson, SCREEN).load(await key.id())));
  assertEquals(runs.map(({ args, timeoutMs }) => [args.slice(0, 2).join(" "), timeoutMs]), [
    ["search service", 5000],
    ["search --unlock", 60_000],
  ]);
});

test("secretServiceKeyStore() says that the keyring is locked when nobody types its password", async (service) => {
  const keyStore = secretServiceKeyStore(service.processes, SCREEN);
  const key = await keyStore.obtain(".old");
  await service.lock();
  for (const work of usesOf(keyStore, await key.id())) {
    assertMatch((await errorOf(work())).message, /is locked$/);
  }
});

test("secretServiceKeyStore() gives up on a service that never answers", async (service) => {
  const key = await secretServiceKeyStore(service.processes, NO_SCREEN).obtain(".old");
  service.freeze();
  const { runs, processes } = watch(service, 300);
  for (const env of [NO_SCREEN, SCREEN]) {
    const keyStore = secretServiceKeyStore(processes, env);
    for (const work of usesOf(keyStore, await key.id())) {
      const { code, message } = await errorOf(work());
      assertEquals([code, message], ["store", "The Secret Service did not answer within 5 seconds"]);
    }
  }
  assertEquals((await errorOf(findSecretService(processes))).code, "store", "that is not the same as none");
  assertEquals(new Set(runs.map(({ timeoutMs }) => timeoutMs)), new Set([5000]));
});

test("secretServiceKeyStore() notices a secret-tool that ends well and stores nothing", async (service) => {
  const processes = await replaceSecretTool(service, "exit 0");
  const { code, message } = await errorOf(secretServiceKeyStore(processes, NO_SCREEN).obtain(".old"));
  assertEquals([code, message], ["store", "The Secret Service took the key, but does not have it"]);
});

test("secretServiceKeyStore() notices a secret-tool that stores something else", async (service) => {
  const processes = await replaceSecretTool(
    service,
    `PATH=$(printf %s "$PATH" | sed 's/^[^:]*://')
    if [ "$1" = store ]; then printf x | secret-tool "$@"; else exec secret-tool "$@"; fi`,
  );
  const { message } = await errorOf(secretServiceKeyStore(processes, NO_SCREEN).obtain(".old"));
  assertEquals(message, "The Secret Service took the key, but does not have it");
});

test("secretServiceKeyStore() calls an item that holds no key unusable, and leaves it there", async (service) => {
  const keyStore = secretServiceKeyStore(service.processes, NO_SCREEN);
  const key = await keyStore.obtain(".old");
  const item = ["service", "entra-auth-cli-cli", "key", encodeHex(await key.id())];
  for (const content of ["no key at all", "", "c2hvcnQ="]) {
    await service.processes.run("secret-tool", ["store", "--label=x", ...item], {
      input: content,
      timeoutMs: 10_000,
    });
    const { code, message, hint } = await errorOf(keyStore.load(await key.id()));
    assertEquals(code, "unreadable_store", message);
    assertMatch(hint ?? "", /clear-cache/);
    assert(content === "" || !message.includes(content));
  }
  const found = await service.processes.run("secret-tool", ["search", ...item], { timeoutMs: 10_000 });
  assert(found.kind === "ended");
  assertMatch(found.stdout, /^secret = c2hvcnQ=$/m);
});

test("secretServiceKeyStore() says that there is no keyring to keep the key in", async (service) => {
  assertEquals(await findSecretService(service.processes), { kind: "available" });
  const keyStore = secretServiceKeyStore(service.processes, NO_SCREEN);
  const { code, message } = await errorOf(keyStore.obtain(".old"));
  assertEquals([code, message], ["store", "The Secret Service has no keyring that could hold the key"]);
  assertEquals(await keyStore.load(OTHER_ID), null);
}, { keyring: "no keyring" });

/** Where there is no Secret Service, whatever is wanted from it. */
async function assertAbsent(processes: Pick<Processes, "run">, reason: string, hint: RegExp) {
  assertEquals(await findSecretService(processes), { kind: "absent", reason });
  for (const env of [NO_SCREEN, SCREEN]) {
    const keyStore = secretServiceKeyStore(processes, env);
    for (const work of usesOf(keyStore, OTHER_ID)) {
      const error = await errorOf(work());
      assertEquals([error.code, error.message], ["store", `There is no key store: ${reason}`]);
      assertMatch(error.hint ?? "", hint);
    }
  }
}

test("findSecretService() finds none in a session without one", async (service) => {
  await assertAbsent(service.processes, "this session has no Secret Service", /gnome-keyring/);
}, { keyring: "none" });

test("findSecretService() finds none once it is gone", async (service) => {
  await service.stop();
  await assertAbsent(service.processes, "this session has no Secret Service", /gnome-keyring/);
});

for (const display of [{}, { DISPLAY: ":0" }]) {
  test(
    `findSecretService() finds none without a D-Bus session (${JSON.stringify(display)})`,
    async (service) => {
      const withoutSession: Pick<Processes, "run"> = {
        // `env` takes the variable away, which no process can do for its child otherwise.
        run: (command, args, options) =>
          systemProcesses.run("env", ["-u", "DBUS_SESSION_BUS_ADDRESS", command, ...args], {
            ...options,
            env: { ...options.env, ...display, XDG_RUNTIME_DIR: join(service.env.HOME ?? "", "nothing") },
          }),
      };
      await assertAbsent(withoutSession, "this session has no Secret Service", /gnome-keyring/);
    },
    { keyring: "none" },
  );
}

test("findSecretService() finds none without secret-tool", async (service) => {
  const processes = withVariables(service, { PATH: service.env.HOME ?? "" });
  await assertAbsent(processes, "secret-tool is not installed", /libsecret-tools/);
}, { keyring: "none" });

test("findSecretService() does not take a bus that can't be reached for none", async (service) => {
  for (const address of ["unix:path=/nonexistent/bus", "rubbish"]) {
    const processes = withVariables(service, { DBUS_SESSION_BUS_ADDRESS: address });
    const { code, message } = await errorOf(findSecretService(processes));
    assertEquals(code, "store");
    assertMatch(message, /^The Secret Service can't be used: \w/);
  }
}, { keyring: "none" });

Deno.test("findSecretService() does not take a secret-tool that can't be started for none", async () => {
  const processes: Pick<Processes, "run"> = { run: () => Promise.resolve({ kind: "refused" }) };
  const { code, message } = await errorOf(findSecretService(processes));
  assertEquals([code, message], ["store", "secret-tool can't be started"]);
});

Deno.test("secretServiceKeyStore() names the flag that permits secret-tool", async () => {
  const processes: Pick<Processes, "run"> = {
    run: () => Promise.resolve({ kind: "not-permitted", flag: "--allow-run=secret-tool" }),
  };
  const keyStore = secretServiceKeyStore(processes, NO_SCREEN);
  for (const work of [...usesOf(keyStore, OTHER_ID), () => findSecretService(processes)]) {
    const { code, hint } = await errorOf(work());
    assertEquals([code, hint], ["permission", "Add the Deno flag --allow-run=secret-tool"]);
  }
});
