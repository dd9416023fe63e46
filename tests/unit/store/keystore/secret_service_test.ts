import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";
import { CliError } from "../../../../src/errors.ts";
import type { DataKey, KeyId, KeyStore } from "../../../../src/store/keystore/key_store.ts";
import {
  canShowPrompt,
  findSecretService,
  openSecretTool,
  secretServiceKeyStore,
} from "../../../../src/store/keystore/secret_service.ts";
import {
  type Processes,
  type RunOptions,
  type RunResult,
  systemProcesses,
} from "../../../../src/system/processes/processes.ts";
import {
  hasNoSecretService,
  openSecretService,
  type SecretService,
  type SecretServiceOptions,
} from "../../../support/secrets/secret_service.ts";
import { MemorySecretTool } from "../../../support/fixtures/memory_secret_tool.ts";

const NO_DISPLAY = { get: () => undefined };
const DISPLAY = { get: (name: string) => name === "DISPLAY" ? ":0" : undefined };
const OTHER_ID = new Uint8Array(8);

/** Registers a test with a D-Bus session of its own. */
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

/** Records every run, and limits its time to `maxMs`. */
function watch(
  service: SecretService,
  maxMs = 60_000,
): { runs: Run[]; processes: Pick<Processes, "run"> } {
  const runs: Run[] = [];
  return {
    runs,
    processes: {
      run(command, args, options) {
        runs.push({ args, ...options });
        return service.processes.run(command, args, {
          ...options,
          timeoutMs: Math.min(options.timeoutMs, maxMs),
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

/** Replaces secret-tool by a shell script in the folder of the session. */
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

test("secretServiceKeyStore() stores each key in an item of its own, under its documented names", async (service) => {
  const keyStore = secretServiceKeyStore(service.processes, NO_DISPLAY);
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

test("secretServiceKeyStore() never passes the key on a command line or in a variable", async (service) => {
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
  }, NO_DISPLAY);
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
  test(`secretServiceKeyStore() reports a locked keyring at once if there is no display (${lock})`, async (service) => {
    const { runs, processes } = watch(service);
    const keyStore = secretServiceKeyStore(processes, NO_DISPLAY);
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
    assert(await isSameKey(key, await keyStore.load(await key.id())), "a locked key is kept");
  });
}

test("secretServiceKeyStore() lets the keyring prompt for its password on a display, for a minute", async (service) => {
  const { runs, processes } = watch(service);
  const key = await secretServiceKeyStore(processes, NO_DISPLAY).obtain(".old");
  await service.lock();
  const withPerson: Pick<Processes, "run"> = {
    async run(command, args, options) {
      if (args.includes("--unlock")) await service.unlock();
      return await processes.run(command, args, options);
    },
  };
  runs.length = 0;
  assert(await isSameKey(key, await secretServiceKeyStore(withPerson, DISPLAY).load(await key.id())));
  assertEquals(runs.map(({ args, timeoutMs }) => [args.slice(0, 2).join(" "), timeoutMs]), [
    ["search service", 5000],
    ["search --unlock", 60_000],
  ]);
});

test("secretServiceKeyStore() reports a locked keyring if the user dismisses the prompt", async (service) => {
  const keyStore = secretServiceKeyStore(service.processes, DISPLAY);
  const key = await keyStore.obtain(".old");
  await service.lock();
  for (const work of usesOf(keyStore, await key.id())) {
    assertMatch((await errorOf(work())).message, /is locked$/);
  }
});

test("secretServiceKeyStore() times out if the service never responds", async (service) => {
  const key = await secretServiceKeyStore(service.processes, NO_DISPLAY).obtain(".old");
  service.freeze();
  const { runs, processes } = watch(service, 300);
  for (const env of [NO_DISPLAY, DISPLAY]) {
    const keyStore = secretServiceKeyStore(processes, env);
    for (const work of usesOf(keyStore, await key.id())) {
      const { code, message } = await errorOf(work());
      assertEquals([code, message], ["store", "The Secret Service did not respond within 5 seconds"]);
    }
  }
  assertEquals((await errorOf(findSecretService(processes))).code, "store", "that is not the same as none");
  assertEquals(new Set(runs.map(({ timeoutMs }) => timeoutMs)), new Set([5000]));
});

test("secretServiceKeyStore() detects a secret-tool that succeeds and stores nothing", async (service) => {
  const processes = await replaceSecretTool(service, "exit 0");
  const { code, message } = await errorOf(secretServiceKeyStore(processes, NO_DISPLAY).obtain(".old"));
  assertEquals([code, message], ["store", "The Secret Service accepted the key but did not store it"]);
});

test("secretServiceKeyStore() detects a secret-tool that stores something else", async (service) => {
  const processes = await replaceSecretTool(
    service,
    `PATH=$(printf %s "$PATH" | sed 's/^[^:]*://')
    if [ "$1" = store ]; then printf x | secret-tool "$@"; else exec secret-tool "$@"; fi`,
  );
  const { message } = await errorOf(secretServiceKeyStore(processes, NO_DISPLAY).obtain(".old"));
  assertEquals(message, "The Secret Service accepted the key but did not store it");
});

test("secretServiceKeyStore() reports a service without a keyring", async (service) => {
  assertEquals(await findSecretService(service.processes), { kind: "available" });
  const keyStore = secretServiceKeyStore(service.processes, NO_DISPLAY);
  const { code, message } = await errorOf(keyStore.obtain(".old"));
  assertEquals([code, message], ["store", "The Secret Service has no keyring to store the key in"]);
  assertEquals(await keyStore.load(OTHER_ID), null);
}, { keyring: "no keyring" });

/** Asserts that every operation reports a missing Secret Service. */
async function assertAbsent(processes: Pick<Processes, "run">, reason: string, hint: RegExp) {
  assertEquals(await findSecretService(processes), { kind: "absent", reason });
  for (const env of [NO_DISPLAY, DISPLAY]) {
    const keyStore = secretServiceKeyStore(processes, env);
    for (const work of usesOf(keyStore, OTHER_ID)) {
      const error = await errorOf(work());
      assertEquals([error.code, error.message], ["store", `No key store: ${reason}`]);
      assertMatch(error.hint ?? "", hint);
    }
  }
}

test("findSecretService() finds none in a session without one", async (service) => {
  await assertAbsent(service.processes, "this session has no Secret Service", /gnome-keyring/);
}, { keyring: "none" });

test("findSecretService() finds none after it has stopped", async (service) => {
  await service.stop();
  await assertAbsent(service.processes, "this session has no Secret Service", /gnome-keyring/);
});

for (const display of [{}, { DISPLAY: ":0" }]) {
  test(
    `findSecretService() finds none without a D-Bus session (${JSON.stringify(display)})`,
    async (service) => {
      const withoutSession: Pick<Processes, "run"> = {
        // Only `env` can remove a variable of a child process.
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

test("findSecretService() distinguishes an unreachable bus from a missing service", async (service) => {
  for (const address of ["unix:path=/nonexistent/bus", "rubbish"]) {
    const processes = withVariables(service, { DBUS_SESSION_BUS_ADDRESS: address });
    const { code, message } = await errorOf(findSecretService(processes));
    assertEquals(code, "store");
    assertMatch(message, /^Cannot use the Secret Service: \w/);
  }
}, { keyring: "none" });

Deno.test("findSecretService() distinguishes a secret-tool that cannot be started from a missing one", async () => {
  const processes: Pick<Processes, "run"> = { run: () => Promise.resolve({ kind: "refused" }) };
  const { code, message } = await errorOf(findSecretService(processes));
  assertEquals([code, message], ["store", "Cannot start secret-tool"]);
});

Deno.test("secretServiceKeyStore() names the flag that permits secret-tool", async () => {
  const processes: Pick<Processes, "run"> = {
    run: () => Promise.resolve({ kind: "not-permitted", hint: "Add the Deno flag --allow-run=secret-tool" }),
  };
  const keyStore = secretServiceKeyStore(processes, NO_DISPLAY);
  for (const work of [...usesOf(keyStore, OTHER_ID), () => findSecretService(processes)]) {
    const { code, hint } = await errorOf(work());
    assertEquals([code, hint], ["permission", "Add the Deno flag --allow-run=secret-tool"]);
  }
});

/** A secret-tool that exits with code 1 and this error. */
function failingWith(stderr: string): Pick<Processes, "run"> {
  return { run: () => Promise.resolve({ kind: "ended", code: 1, stdout: "", stderr }) };
}

/** Returns the kind of the result, and its output or message. */
async function resultOf(processes: Pick<Processes, "run">): Promise<[kind: string, message: string]> {
  const answer = await openSecretTool(processes)(["search", "service", "x"]);
  return answer.kind === "success" ? ["success", answer.output] : [answer.kind, answer.error.message];
}

interface NotedRun {
  readonly action: string;
  readonly options: RunOptions;
}

/** Records every run before passing it to `processes`. */
function noted(processes: Pick<Processes, "run">, runs: NotedRun[]): Pick<Processes, "run"> {
  return {
    run(command, args, options) {
      runs.push({ action: args.slice(0, args[1] === "--unlock" ? 2 : 1).join(" "), options });
      return processes.run(command, args, options);
    },
  };
}

Deno.test("openSecretTool() recognizes each message of GLib and the buses for a missing service", async () => {
  const words = [
    "Cannot autolaunch D-Bus without X11 $DISPLAY",
    'Failed to execute child process "dbus-launch" (No such file or directory)',
    "The name org.freedesktop.secrets was not provided by any .service files",
    "Could not activate remote peer 'org.freedesktop.secrets': The name is not activatable",
    "GDBus.Error:org.freedesktop.DBus.Error.NameHasNoOwner: Name does not have an owner",
    "The name does not have an owner",
  ];
  for (const word of words) {
    assertEquals(await resultOf(failingWith(`secret-tool: ${word}\n`)), [
      "absent",
      "No key store: this session has no Secret Service",
    ], word);
  }
});

Deno.test("openSecretTool() distinguishes a locked keyring and a missing one from other errors", async () => {
  const table = {
    "Cannot create an item in a locked collection": "The keyring of the Secret Service is locked",
    "Cannot get secret of a locked object": "The keyring of the Secret Service is locked",
    "Object does not exist at path “/org/freedesktop/secrets/collection/login”":
      "The Secret Service has no keyring to store the key in",
    "Timeout was reached\nand more": "Cannot use the Secret Service: Timeout was reached",
    "": "Cannot use the Secret Service",
  };
  for (const [word, message] of Object.entries(table)) {
    assertEquals(await resultOf(failingWith(word === "" ? "" : `secret-tool: ${word}\n`)), [
      "failed",
      message,
    ]);
  }
  const [, long] = await resultOf(failingWith("x".repeat(10_000)));
  assertEquals(long, `Cannot use the Secret Service: ${"x".repeat(200)}`);
});

Deno.test("secretServiceKeyStore() runs secret-tool in English for every operation", async () => {
  const runs: NotedRun[] = [];
  const service = new MemorySecretTool();
  const keyStore = secretServiceKeyStore(noted(service, runs), DISPLAY);
  const id = await (await keyStore.obtain(".old")).id();
  service.isLocked = true;
  await assertRejects(() => keyStore.load(id), CliError, "is locked");
  service.isLocked = false;
  await keyStore.forget(id);
  assertEquals(new Set(runs.map(({ action }) => action)).size, 4);
  for (const { action, options } of runs) assertEquals(options.env, { LC_ALL: "C" }, action);
});

Deno.test("secretServiceKeyStore() waits a minute for the keyring to be unlocked for a new key on a display", async () => {
  for (const [env, patience] of [[DISPLAY, 60_000], [{ get: () => undefined }, 5000]] as const) {
    const runs: NotedRun[] = [];
    await secretServiceKeyStore(noted(new MemorySecretTool(), runs), env).obtain(".old");
    assertEquals(runs.map(({ action, options }) => [action, options.timeoutMs]), [
      ["search", 5000],
      ["store", patience],
      ["search", 5000],
    ]);
  }
});

Deno.test("secretServiceKeyStore() reports that the keyring was not unlocked in time", async () => {
  const service = new MemorySecretTool();
  const id = await (await secretServiceKeyStore(service, DISPLAY).obtain(".old")).id();
  service.isLocked = true;
  const nobody: Pick<Processes, "run"> = {
    run: (command, args, options): Promise<RunResult> =>
      args.includes("--unlock")
        ? Promise.resolve({ kind: "timed-out" })
        : service.run(command, args, options),
  };
  const keyStore = secretServiceKeyStore(nobody, DISPLAY);
  const error = await assertRejects(() => keyStore.load(id), CliError);
  assertEquals([error.code, error.message], ["store", "The keyring was not unlocked within 60 seconds"]);
  assertMatch(error.hint ?? "", /enter its password/);
  assertEquals(service.items.size, 1, encodeHex(id));
});

Deno.test("canShowPrompt() knows both kinds of display", () => {
  for (const variable of ["DISPLAY", "WAYLAND_DISPLAY"]) {
    assertEquals(canShowPrompt({ get: (name) => name === variable ? "0" : undefined }), true, variable);
  }
  assertEquals(canShowPrompt({ get: () => undefined }), false);
});
