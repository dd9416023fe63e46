import { assertEquals } from "@std/assert";
import {
  errorStyle,
  ignoredArgumentError,
  ownArguments,
  terminalStyle,
  withoutConfigAlias,
  withoutJoinedValues,
} from "../../../src/cli/arguments.ts";

Deno.test("ownArguments() ends before the first --", () => {
  assertEquals(ownArguments(["exec", "-q", "--", "a", "--", "b"]), ["exec", "-q"]);
  assertEquals(ownArguments(["--", "a"]), []);
  assertEquals(ownArguments(["exec", "--env=--"]), ["exec", "--env=--"]);
});

Deno.test("errorStyle() finds --output json in each way to type it, also among invalid arguments", () => {
  for (const typed of ["--output json", "--output=json", "-o json", "-o=json", "-ojson", "--nope -o json"]) {
    assertEquals(errorStyle(["get-token", ...typed.split(" ")]).asJson, true, typed);
  }
  for (const typed of ["--output yaml", "json", "--file json", "-o jsonl", "-o"]) {
    assertEquals(errorStyle(["get-token", ...typed.split(" ")]).asJson, false, typed);
  }
});

Deno.test("errorStyle() knows the commands and the output format that only another program asks for", () => {
  const isCalled = (typed: string) => errorStyle(typed.split(" ")).isCalled;
  for (const typed of ["credential-helper get", "--plain credential-helper", "get-token -oexec-credential"]) {
    assertEquals(isCalled(typed), true, typed);
  }
  for (
    const typed of ["get-token", "get-token --profile credential-helper", "exec -- a -o exec-credential"]
  ) {
    assertEquals(isCalled(typed), false, typed);
  }
});

Deno.test("errorStyle() and terminalStyle() ignore what another program is given after --", () => {
  const { asJson, verbose } = errorStyle(["exec", "--", "a", "-o", "json", "--verbose"]);
  assertEquals([asJson, verbose], [false, false]);
  assertEquals(errorStyle(["exec", "--verbose", "--", "a"]).verbose, true);
  assertEquals(terminalStyle(["exec", "--", "a", "--plain", "-q"]), { isPlain: false, isQuiet: false });
  assertEquals(terminalStyle(["exec", "--plain", "-q"]), { isPlain: true, isQuiet: true });
  assertEquals(terminalStyle(["exec", "--silent"]), { isPlain: false, isQuiet: true });
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
