import { assert, assertEquals } from "@std/assert";
import { COMMAND_OPTIONS } from "../../../src/cli/options/command_options.ts";
import type { OptionTable } from "../../../src/cli/options/option_table.ts";
import { COMMAND_NAMES, runProgram } from "../../../src/cli/program.ts";
import { TOPIC_NAMES } from "../../../src/cli/topics.ts";
import { editDistance, usageError } from "../../../src/cli/usage_error.ts";
import { CliError } from "../../../src/errors.ts";
import { MemoryContext } from "../../support/fixtures/command_fixture.ts";
import { assertGolden } from "../../support/fixtures/golden.ts";

/** What users of other tools type, users in a hurry, and users who guess. */
const WRONG_COMMAND_LINES = `
get-token --resource https://vault.azure.net
get-token --resource https://management.azure.com/
get-token --resource=https://graph.microsoft.com
get-token --resource
get-token --audience api://my-api
get-token --use-device-code
get-token --device-code
get-token --no-browser
get-token --json
get-token --username ada@contoso.com
get-token -u ada@contoso.com -p hunter2 --password hunter2
get-token --password hunter2
get-token --client-secret=hunter2
get-token --debug
get-token -v
get-token --query accessToken
get-token --service-principal
get-token --identity
get-token --web
get-token --only-show-errors
get-token --insecure-skip-tls-verify
get-token --context work
get-token --app-id 04b07795-8ddb-461a-bbee-02f9e1bf7b46
get-token --federated-token eyJ
get-token --force-refresh
get-token --subscription 1
get-token --namespace default
get-token --scop User.Read
get-token --scopes User.Read
get-token --prfile work
get-token --out json
get-token --show-ur
get-token --nope
get-token --no
get-token --hlep
create-profile --cert app.pem
inspect --decode eyJ
inspect --tenant contoso.com
list-profiles --json
list-profiles --query [].name
status --resource https://vault.azure.net
status --debug
exec ls -l
exec --json -- ls
exec curl -s https://graph.microsoft.com
list-profiles extra
status -o json extra
completions
--profile work get-token
--tenant contoso.com get-token
--debug
decode eyJ
remove-profile work
add-profile work
init
cache clear
cache
logout
login --use-device-code
login
account show
account set --subscription 1
switch work
use work
switch
import profiles.json
account get-access-token
account list
auth login
auth status
auth logout
auth refresh
auth setup-git
token
config get-contexts
config current-context
run ls
version
get-tokn
get
list
creat-profile
lst-profiles
staus
docter
help exit
help flwos
help login
help version
help nothing
vm create
foo
x
toString
`.trim().split("\n");

/** Returns the error of a command line. */
async function errorOf(typed: string): Promise<CliError> {
  const context = new MemoryContext();
  const error = await runProgram(typed.split(" "), context).then(() => null, (error: unknown) => error);
  assert(error instanceof CliError, `${typed}: ${error}`);
  assertEquals([error.code, context.terminal.data], ["usage", ""], typed);
  return error;
}

Deno.test("wrong command lines get the suggestions of the golden file, and no misleading one", async () => {
  const answers: string[] = [];
  for (const typed of WRONG_COMMAND_LINES) {
    const { message, hint = "" } = await errorOf(typed);
    answers.push(`$ entra-auth-cli ${typed}\n${message}\n${hint.replaceAll(/^/gm, "  ")}\n`);
  }
  await assertGolden("wrong_command_lines.txt", answers.join("\n"));
});

Deno.test("a suggested flag belongs to the called command, and a suggested command exists", async () => {
  for (const typed of WRONG_COMMAND_LINES) {
    const { hint = "" } = await errorOf(typed);
    const [, suggested] = /Did you mean: (.*)/.exec(hint) ?? [];
    if (suggested === undefined) continue;
    const [program, command = "", topic = ""] = suggested.split(" ");
    if (command === "help") {
      assert([...COMMAND_NAMES, ...TOPIC_NAMES].some((name) => name === topic), suggested);
    } else if (program === "entra-auth-cli") {
      assert([...COMMAND_NAMES, "--version"].some((name) => name === command), suggested);
      assert(/^exec /.test(typed) || !typed.startsWith(`${command} `), suggested);
    }
    if (program === "entra-auth-cli") continue;
    const [called = ""] = typed.split(" ");
    const own = COMMAND_NAMES.find((name) => name === called);
    const table: OptionTable = own === undefined ? {} : COMMAND_OPTIONS[own];
    const flags: string[] = Object.values(table).map(({ flag }) => flag);
    assert([...flags, "--verbose", "--plain", "--help", "--version"].includes(program ?? ""), typed);
  }
});

Deno.test("no suggestion repeats a secret", async () => {
  for (const typed of WRONG_COMMAND_LINES.filter((line) => line.includes("hunter2"))) {
    const { message, hint } = await errorOf(typed);
    assertEquals(`${message}${hint}`.includes("hunter2"), false, typed);
  }
});

Deno.test("editDistance() counts insertions, deletions, replacements and swaps", () => {
  const table: readonly (readonly [string, string, number])[] = [
    ["", "", 0],
    ["", "ab", 2],
    ["status", "status", 0],
    ["staus", "status", 1],
    ["sttaus", "status", 1],
    ["docter", "doctor", 1],
    ["kitten", "sitting", 3],
  ];
  for (const [a, b, distance] of table) {
    assertEquals([editDistance(a, b), editDistance(b, a)], [distance, distance], `${a} ${b}`);
  }
});

Deno.test("usageError() repeats the parser's other errors with a reference to the help", () => {
  const error = usageError({
    args: ["get-token", "--profile"],
    called: "get-token",
    commands: COMMAND_NAMES,
    message: 'Missing value for option "--profile".',
  });
  assertEquals([error.message, error.hint], [
    'Missing value for option "--profile"',
    "See: entra-auth-cli get-token --help",
  ]);
});

Deno.test("usageError() suggests the flag for a word that was typed without one", async () => {
  const words: readonly (readonly [string, string])[] = [
    ["import-profile a.json", "import-profile --file a.json"],
    ["exec ls -l", "exec -- ls …"],
  ];
  for (const [typed, right] of words) {
    const { hint = "" } = await errorOf(typed);
    assertEquals(hint.split("\n")[0], `Did you mean: entra-auth-cli ${right}`);
  }
});
