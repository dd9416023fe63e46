import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { homeFolder } from "../../../src/system/path.ts";
import type { Os } from "../../../src/system/os.ts";

const ME = "/me";

function home(env: Record<string, string>, os: Os): string {
  return homeFolder({ get: (name) => env[name] }, os);
}

Deno.test("homeFolder() returns the folder of the variable, or a hidden one in the home directory", () => {
  assertEquals(home({ ENTRA_AUTH_CLI_HOME: "/own", HOME: ME }, "linux"), "/own");
  assertEquals(home({ HOME: ME }, "linux"), "/me/.entra-auth-cli");
  assertEquals(home({ HOME: ME }, "darwin"), "/me/.entra-auth-cli");
  assertEquals(
    home({ HOME: "ignored", USERPROFILE: "C:\\Users\\me" }, "windows"),
    "C:\\Users\\me\\.entra-auth-cli",
  );
});

Deno.test("homeFolder() rejects a missing or relative home directory", () => {
  const table: [Record<string, string>, Os, string][] = [
    [{}, "linux", "HOME is not set"],
    [{ HOME: ME }, "windows", "USERPROFILE is not set"],
    [{ USERPROFILE: "Users\\me" }, "windows", "Invalid USERPROFILE"],
    [{ HOME: "me" }, "linux", "Invalid HOME"],
    [{ ENTRA_AUTH_CLI_HOME: "~/tokens", HOME: ME }, "linux", "Invalid ENTRA_AUTH_CLI_HOME"],
    [{ ENTRA_AUTH_CLI_HOME: `${ME}\0` }, "linux", "Invalid ENTRA_AUTH_CLI_HOME"],
  ];
  for (const [env, os, message] of table) {
    const error = assertThrows(() => home(env, os), CliError, message);
    assertEquals(error.code, "usage");
    assertEquals(error.hint?.startsWith("Set "), true);
  }
});
