import { assertEquals } from "@std/assert";
import { commandGrants } from "../../../../src/cli/permissions/command_grants.ts";
import type { Os } from "../../../../src/system/os.ts";

async function readableFor(os: Os, args: readonly string[], variables: Record<string, string> = {}) {
  const { permissions } = await commandGrants(args, {
    os,
    env: { get: (name) => variables[name] },
    home: "/home/ada/.entra-auth-cli",
    profiles: { find: () => Promise.resolve(null), current: () => Promise.resolve(null) },
    files: { lstat: () => Promise.resolve(null), readLink: () => Promise.reject(new Error("no link")) },
  });
  return permissions.read.filter((path) => path !== "/home/ada/.entra-auth-cli");
}

Deno.test("commandGrants() lets a managed identity read the keys of Azure Arc's agent, and no user's sign-in", async () => {
  const identity = ["get-token", "--flow", "managed-identity"];
  assertEquals(await readableFor("linux", identity), [
    "/opt/azcmagent/bin/himds",
    "/var/opt/azcmagent/tokens",
  ]);
  const folders = { ProgramFiles: "C:\\Program Files", ProgramData: "C:\\ProgramData" };
  assertEquals(await readableFor("windows", identity, folders), [
    "C:\\Program Files\\AzureConnectedMachineAgent\\himds.exe",
    "C:\\ProgramData\\AzureConnectedMachineAgent\\Tokens",
  ]);
  assertEquals(await readableFor("windows", identity), []);
  assertEquals(await readableFor("darwin", identity), []);
  assertEquals(await readableFor("linux", ["get-token"]), []);
  assertEquals(await readableFor("linux", ["status"]), []);
});
