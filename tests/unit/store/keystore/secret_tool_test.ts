import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../../../src/errors.ts";
import {
  canShowPrompt,
  openSecretTool,
  secretServiceKeyStore,
} from "../../../../src/store/keystore/secret_service.ts";
import type { Processes, RunOptions, RunResult } from "../../../../src/system/processes/processes.ts";
import { MemorySecretTool } from "../../../support/fixtures/memory_secret_tool.ts";

const SCREEN = { get: (name: string): string | undefined => name === "DISPLAY" ? ":0" : undefined };

/** A secret-tool that ends with code 1 and this complaint. */
function complaining(stderr: string): Pick<Processes, "run"> {
  return { run: () => Promise.resolve({ kind: "ended", code: 1, stdout: "", stderr }) };
}

/** What a run comes to, in words. */
async function judged(processes: Pick<Processes, "run">): Promise<[kind: string, message: string]> {
  const answer = await openSecretTool(processes)(["search", "service", "x"]);
  return answer.kind === "done" ? ["done", answer.output] : [answer.kind, answer.error.message];
}

interface Run {
  readonly action: string;
  readonly options: RunOptions;
}

/** Hands on what is run to `processes`, and notes it. */
function noted(processes: Pick<Processes, "run">, runs: Run[]): Pick<Processes, "run"> {
  return {
    run(command, args, options) {
      runs.push({ action: args.slice(0, args[1] === "--unlock" ? 2 : 1).join(" "), options });
      return processes.run(command, args, options);
    },
  };
}

Deno.test("openSecretTool() knows what is missing by each of the words that GLib and the buses have for it", async () => {
  const words = [
    "Cannot autolaunch D-Bus without X11 $DISPLAY",
    'Failed to execute child process "dbus-launch" (No such file or directory)',
    "The name org.freedesktop.secrets was not provided by any .service files",
    "Could not activate remote peer 'org.freedesktop.secrets': The name is not activatable",
    "GDBus.Error:org.freedesktop.DBus.Error.NameHasNoOwner: Name does not have an owner",
    "The name does not have an owner",
  ];
  for (const word of words) {
    assertEquals(await judged(complaining(`secret-tool: ${word}\n`)), [
      "absent",
      "There is no key store: this session has no Secret Service",
    ], word);
  }
});

Deno.test("openSecretTool() tells a locked keyring and a missing one from any other trouble", async () => {
  const table = {
    "Cannot create an item in a locked collection": "The keyring of the Secret Service is locked",
    "Cannot get secret of a locked object": "The keyring of the Secret Service is locked",
    "Object does not exist at path “/org/freedesktop/secrets/collection/login”":
      "The Secret Service has no keyring that could hold the key",
    "Timeout was reached\nand more": "The Secret Service can't be used: Timeout was reached",
    "": "The Secret Service can't be used",
  };
  for (const [word, message] of Object.entries(table)) {
    assertEquals(await judged(complaining(word === "" ? "" : `secret-tool: ${word}\n`)), ["failed", message]);
  }
  const [, long] = await judged(complaining("x".repeat(10_000)));
  assertEquals(long, `The Secret Service can't be used: ${"x".repeat(200)}`);
});

Deno.test("secretServiceKeyStore() has secret-tool speak English, whatever it does", async () => {
  const runs: Run[] = [];
  const service = new MemorySecretTool();
  const keyStore = secretServiceKeyStore(noted(service, runs), SCREEN);
  const id = await (await keyStore.obtain(".old")).id();
  service.isLocked = true;
  await assertRejects(() => keyStore.load(id), CliError, "is locked");
  service.isLocked = false;
  await keyStore.forget(id);
  assertEquals(new Set(runs.map(({ action }) => action)).size, 4);
  for (const { action, options } of runs) assertEquals(options.env, { LC_ALL: "C" }, action);
});

Deno.test("secretServiceKeyStore() leaves a person on a screen a minute to open the keyring for a new key", async () => {
  for (const [env, patience] of [[SCREEN, 60_000], [{ get: () => undefined }, 5000]] as const) {
    const runs: Run[] = [];
    await secretServiceKeyStore(noted(new MemorySecretTool(), runs), env).obtain(".old");
    assertEquals(runs.map(({ action, options }) => [action, options.timeoutMs]), [
      ["search", 5000],
      ["store", patience],
      ["search", 5000],
    ]);
  }
});

Deno.test("secretServiceKeyStore() says that nobody opened the keyring in time", async () => {
  const service = new MemorySecretTool();
  const id = await (await secretServiceKeyStore(service, SCREEN).obtain(".old")).id();
  service.isLocked = true;
  const nobody: Pick<Processes, "run"> = {
    run: (command, args, options): Promise<RunResult> =>
      args.includes("--unlock")
        ? Promise.resolve({ kind: "timed-out" })
        : service.run(command, args, options),
  };
  const keyStore = secretServiceKeyStore(nobody, SCREEN);
  const error = await assertRejects(() => keyStore.load(id), CliError);
  assertEquals([error.code, error.message], ["store", "The keyring was not unlocked within 60 seconds"]);
  assertMatch(error.hint ?? "", /type its password/);
  assertEquals(service.items.size, 1, encodeHex(id));
});

Deno.test("canShowPrompt() knows both kinds of screen", () => {
  for (const variable of ["DISPLAY", "WAYLAND_DISPLAY"]) {
    assertEquals(canShowPrompt({ get: (name) => name === variable ? "0" : undefined }), true, variable);
  }
  assertEquals(canShowPrompt({ get: () => undefined }), false);
});
