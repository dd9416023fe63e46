import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { bestGuardian } from "../../../../src/store/guardian/best_guardian.ts";
import { forcedGuardian, type GuardianContext } from "../../../../src/store/guardian/guardians.ts";
import { GUARDIAN_NUMBERS, guardianWithNumber } from "../../../../src/store/guardian/key_guardian.ts";
import type { Processes } from "../../../../src/system/processes.ts";
import { MemorySecretTool } from "../memory_secret_tool.ts";
import { makeStoreHome, type StoreHome } from "../store_fixture.ts";

function envOf(variables: Readonly<Record<string, string>>) {
  return { get: (name: string): string | undefined => variables[name] };
}

function contextOf(
  home: StoreHome,
  os: GuardianContext["os"],
  processes: Pick<Processes, "run"> = new MemorySecretTool(),
): GuardianContext {
  return {
    env: envOf({}),
    os,
    folder: home.folder(),
    processes,
    dataProtection: () => Promise.reject(new Error("it is not needed yet")),
  };
}

Deno.test("GUARDIAN_NUMBERS are what every tokens.enc so far has in its header", () => {
  assertEquals(GUARDIAN_NUMBERS, {
    "key-file": 1,
    "environment": 2,
    "dpapi": 3,
    "keychain": 4,
    "secret-service": 5,
  });
  assertEquals([0, 1, 2, 3, 4, 5, 6].map(guardianWithNumber), [
    undefined,
    "key-file",
    "environment",
    "dpapi",
    "keychain",
    "secret-service",
    undefined,
  ]);
});

Deno.test("forcedGuardian() takes a key in the environment before anything else, an empty one too", () => {
  const keyring = { ENTRA_AUTH_CLI_KEYRING: "file" };
  assertEquals(forcedGuardian(envOf({})), null);
  assertEquals(forcedGuardian(envOf(keyring)), "key-file");
  for (const key of ["a key", ""]) {
    assertEquals(forcedGuardian(envOf({ ENTRA_AUTH_CLI_KEY: key })), "environment", JSON.stringify(key));
    assertEquals(forcedGuardian(envOf({ ...keyring, ENTRA_AUTH_CLI_KEY: key })), "environment");
  }
});

Deno.test("forcedGuardian() knows a name for each key store, leaves auto to the program, and refuses the rest", () => {
  const names = ["secret-service", "keychain", "dpapi", "file", "auto"];
  assertEquals(names.map((name) => forcedGuardian(envOf({ ENTRA_AUTH_CLI_KEYRING: name }))), [
    "secret-service",
    "keychain",
    "dpapi",
    "key-file",
    null,
  ]);
  for (const value of ["", "File", "key-file", "environment", "toString", "__proto__"]) {
    const env = envOf({ ENTRA_AUTH_CLI_KEYRING: value });
    const error = assertThrows(() => forcedGuardian(env), CliError);
    assertEquals(error.code, "usage", value);
  }
});

Deno.test("bestGuardian() is the key store of the system, for which there is no reason to give", async () => {
  await using home = await makeStoreHome();
  const found = await Promise.all(
    (["windows", "darwin", "linux"] as const).map((os) => bestGuardian(contextOf(home, os))),
  );
  assertEquals(found.map(({ guardian, reason }) => [guardian.name, reason]), [
    ["dpapi", null],
    ["keychain", null],
    ["secret-service", null],
  ]);
});

Deno.test("bestGuardian() is the key file with its reason where there is no key store, not where one is broken", async () => {
  await using home = await makeStoreHome();
  const none = { run: () => Promise.resolve({ kind: "not-found" } as const) };
  const { guardian, reason } = await bestGuardian(contextOf(home, "linux", none));
  assertEquals([guardian.name, reason], ["key-file", "secret-tool is not installed"]);
  const stuck = { run: () => Promise.resolve({ kind: "timed-out" } as const) };
  const error = await assertRejects(() => bestGuardian(contextOf(home, "linux", stuck)), CliError);
  assertStringIncludes(error.message, "did not answer");
});
