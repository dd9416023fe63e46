import { assertEquals } from "@std/assert";
import { COMMAND_NAMES } from "../../../src/cli/program.ts";
import { usageError } from "../../../src/cli/usage_error.ts";

/** The message and the hint for what was typed, of which Cliffy says `message`. */
function said(typed: string, message: string): [string, string | undefined] {
  const args = typed.split(" ");
  const called = args.find((arg) => !arg.startsWith("-"));
  const { message: text, hint } = usageError({
    args,
    called: COMMAND_NAMES.find((name) => name === called) ?? null,
    commands: COMMAND_NAMES,
    message,
  });
  return [text, hint];
}

const HELP = "See: entra-auth-cli --help";

Deno.test("usageError() suggests this program's commands for those of az, gh and kubectl", () => {
  const words: readonly (readonly [string, string])[] = [
    ["login", "get-token"],
    ["login --tenant x", "get-token"],
    ["auth login", "get-token"],
    ["auth logout", "clear-cache"],
    ["account get-access-token", "get-token"],
    ["account show", "status"],
    ["logout", "clear-cache"],
    ["config", "list-profiles"],
    ["version", "--version"],
  ];
  for (const [typed, here] of words) {
    const [first = ""] = typed.split(" ");
    assertEquals(said(typed, `Unknown command "${first}". Did you mean command "exec"?`), [
      `Unknown command "${first}"`,
      `Use: entra-auth-cli ${here}\n${HELP}`,
    ]);
  }
});

Deno.test("usageError() repeats Cliffy's suggestion only if it resembles the typed command", () => {
  const unknown = (typed: string, guess: string) =>
    said(typed, `Unknown command "${typed}". Did you mean command "${guess}"?`);
  for (const [typed, guess] of [["get-tokn", "get-token"], ["oken", "get-token"], ["staus", "status"]]) {
    assertEquals(unknown(typed ?? "", guess ?? ""), [
      `Unknown command "${typed}". Did you mean command "${guess}"?`,
      HELP,
    ]);
  }
  for (const typed of ["foo", "x"]) {
    assertEquals(unknown(typed, "exec"), [`Unknown command "${typed}"`, HELP]);
  }
});

Deno.test("usageError() suggests typing flags after the command", () => {
  for (const typed of ["--profile x get-token", "--output=json get-token"]) {
    const [flag = ""] = typed.split(" ");
    const [name = ""] = flag.split("=");
    assertEquals(said(typed, `Unknown option "${name}". Did you mean option "--plain"?`), [
      `Unknown option "${name}"`,
      `Flags come after the command: entra-auth-cli get-token ${flag} …`,
    ]);
  }
});

Deno.test("usageError() suggests the flag for a word that was typed without one", () => {
  const words: readonly (readonly [string, string])[] = [
    ["get-token work", "get-token --profile work"],
    ["delete-profile work", "delete-profile --name work"],
    ["import-profile a.json", "import-profile --file a.json"],
    ["exec ls -l", "exec -- ls"],
  ];
  for (const [typed, right] of words) {
    const [command = ""] = typed.split(" ");
    assertEquals(said(typed, `No arguments allowed for command "entra-auth-cli ${command}".`), [
      `No arguments allowed for command "entra-auth-cli ${command}"`,
      `Did you mean: entra-auth-cli ${right}\nSee: entra-auth-cli ${command} --help`,
    ]);
  }
  assertEquals(said("exec ls -l", 'Unknown option "-l". Did you mean option "-h"?'), [
    'Unknown option "-l"',
    "Did you mean: entra-auth-cli exec -- ls\nSee: entra-auth-cli exec --help",
  ]);
  assertEquals(said("status work", 'No arguments allowed for command "entra-auth-cli status".'), [
    'No arguments allowed for command "entra-auth-cli status"',
    "See: entra-auth-cli status --help",
  ]);
});

Deno.test("usageError() repeats Cliffy's other errors with a reference to the help", () => {
  assertEquals(said("get-token --profile", 'Missing value for option "--profile".'), [
    'Missing value for option "--profile"',
    "See: entra-auth-cli get-token --help",
  ]);
  assertEquals(said("--verbose get-token --nope", 'Unknown option "--nope".'), [
    'Unknown option "--nope"',
    "See: entra-auth-cli get-token --help",
  ]);
});
