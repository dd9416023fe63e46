import { assertEquals } from "@std/assert";
import { ownArguments } from "../../../src/cli/own_arguments.ts";

Deno.test("ownArguments() ends before the first two dashes", () => {
  assertEquals(ownArguments(["exec", "-q", "--", "a", "--", "b"]), ["exec", "-q"]);
  assertEquals(ownArguments(["--", "a"]), []);
  assertEquals(ownArguments(["exec", "--env=--"]), ["exec", "--env=--"]);
});
