import { assertEquals } from "@std/assert";
import {
  ignoredArgumentError,
  ownArguments,
  wantsJson,
  withoutConfigAlias,
  withoutJoinedValues,
} from "../../../src/cli/arguments.ts";

Deno.test("ownArguments() ends before the first --", () => {
  assertEquals(ownArguments(["exec", "-q", "--", "a", "--", "b"]), ["exec", "-q"]);
  assertEquals(ownArguments(["--", "a"]), []);
  assertEquals(ownArguments(["exec", "--env=--"]), ["exec", "--env=--"]);
});

Deno.test("wantsJson() finds --output json in each way to type it, also among invalid arguments", () => {
  for (const typed of ["--output json", "--output=json", "-o json", "-o=json", "-ojson", "--nope -o json"]) {
    assertEquals(wantsJson(["get-token", ...typed.split(" ")]), true, typed);
  }
  for (const typed of ["--output yaml", "json", "--file json", "-o jsonl", "-o"]) {
    assertEquals(wantsJson(["get-token", ...typed.split(" ")]), false, typed);
  }
});

Deno.test("withoutConfigAlias() replaces a command of config by this program's, and changes nothing else", () => {
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

Deno.test("withoutJoinedValues() splits a short flag from its value, and changes nothing else", () => {
  const lines: readonly (readonly [string, string])[] = [
    ["get-token -ojson -pwork", "get-token -o json -p work"],
    ["get-token -sUser.Read -sMail.Read", "get-token -s User.Read -s Mail.Read"],
    ["get-token -o json -o=json -q -qo json", "get-token -o json -o=json -q -qo json"],
    ["get-token --output --port -1 --timeout -5s", "get-token --output --port -1 --timeout -5s"],
    ["exec -pwork -- ls -ol", "exec -p work -- ls -ol"],
    ["inspect -", "inspect -"],
  ];
  for (const [typed, split] of lines) assertEquals(withoutJoinedValues(typed.split(" ")), split.split(" "));
});

Deno.test("ignoredArgumentError() finds empty values, empty arguments and words after --", () => {
  assertEquals(
    ignoredArgumentError(["get-token", "--file", ""], "get-token"),
    'Missing value for option "--file".',
  );
  assertEquals(ignoredArgumentError(["get-token", "-p="], "get-token"), 'Missing value for option "-p".');
  assertEquals(
    ignoredArgumentError(["inspect", ""], "inspect"),
    'Invalid argument "": expected a value, or no argument at all.',
  );
  assertEquals(ignoredArgumentError(["status", "--", "ls"], "status"), "Only exec runs a command after --.");
  assertEquals(ignoredArgumentError(["exec", "--", "ls", ""], "exec"), null);
  assertEquals(ignoredArgumentError(["get-token", "--profile", "work"], "get-token"), null);
});
