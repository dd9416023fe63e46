import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { grantFlags } from "../../../../src/cli/permissions/permission_grants.ts";

Deno.test("grantFlags() returns flags for what is granted, and for nothing else", () => {
  assertEquals(
    grantFlags({ read: true, write: false, net: ["a.example:443", "[::1]"], env: [], run: ["xdg-open"] }),
    ["--allow-read", "--allow-net=a.example:443,[::1]", "--allow-run=xdg-open"],
  );
  assertEquals(grantFlags({}), []);
});

Deno.test("grantFlags() refuses a name that would grant something else or everything", () => {
  for (const name of ["a,b", "", ","]) {
    const error = assertThrows(() => grantFlags({ run: ["git", name] }), CliError);
    assertEquals(error.code, "usage");
  }
});
