import { assertEquals } from "@std/assert";
import { withoutConfigAlias } from "../../../../src/cli/options/config_alias.ts";

Deno.test("withoutConfigAlias() puts this program's command in place of config's, and leaves all else alone", () => {
  assertEquals(withoutConfigAlias(["config", "list", "--output", "json"]), [
    "list-profiles",
    "--output",
    "json",
  ]);
  assertEquals(withoutConfigAlias(["--verbose", "config", "edit", "-p", "x"]), [
    "--verbose",
    "edit-profile",
    "-p",
    "x",
  ]);
  for (const args of [["config"], ["config", "toString"], ["get-token", "config", "list"], [], ["--help"]]) {
    assertEquals(withoutConfigAlias(args), args);
  }
});
