import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { runProgram } from "../../support/program/program.ts";

/** Runs the program with its own home, removes that, and reports whether the program created it. */
async function runAlone(...args: string[]) {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    const home = join(folder, "home");
    const result = await runProgram(args, { env: { ENTRA_AUTH_CLI_HOME: home } });
    return { ...result, madeHome: await Deno.lstat(home).then(() => true, () => false) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Invalid arguments, with the text that the message must contain. */
const WRONG: readonly (readonly [readonly string[], string])[] = [
  [["get-token", "--no-such-flag"], "--no-such-flag"],
  [["get-tokn"], "get-tokn"],
  [["toString"], "toString"],
  [["get-token", "one", "two"], "--profile"],
  [["status", "surplus"], 'Unexpected argument "surplus"'],
  [["get-token", "--profile"], "--profile"],
  [["get-token", "--", "ls"], "Only exec"],
  [["--", "get-token"], "Only exec"],
  [["get-token", "--file", ""], '"--file"'],
  [["get-token", "--file="], '"--file"'],
  [["clear-cache", "-p", ""], '"-p"'],
  [["get-token", "--port", "0"], "--port 0"],
  [["get-token", "--port", "65536"], "--port 65536"],
  [["get-token", "--port", "http"], "--port http"],
  [["get-token", "--port-range", "8000"], "8000"],
  [["get-token", "--port-range", "8100-8000"], "8000-8100"],
  [["get-token", "--port-range", "8000-70000"], "70000"],
  [["get-token", "--port", "8080", "--port-range", "8000-8100"], "--port-range"],
  [["get-token", "--timeout", "soon"], "soon"],
  [["get-token", "--timeout", "0s"], "0s"],
  [["get-token", "--timeout", "-5s"], "-5s"],
  [["get-token", "--timeout", "25h"], "25h"],
  [["get-token", "--scope", 'User.Read"'], 'User.Read\\"'],
  [["get-token", "--scope", " "], "--scope"],
  [["get-token", "--prompt", "nicely"], "nicely"],
  [["get-token", "--output", "xml"], "xml"],
  [["get-token", "--output", "JSON5"], "JSON5"],
  [["get-token", "--flow", "magic", "--tenant-id", "common", "--client-id", crypto.randomUUID()], "magic"],
  [["get-token", "--tenant-id", "not a tenant"], "not a tenant"],
  [["get-token", "--client-id", "not-an-id"], "not-an-id"],
  [["get-token", "--authority", "http://login.example"], "http://login.example"],
  [["exec"], "--"],
  [["exec", "ls"], "--"],
  [["exec", "--env", "A-B", "--", "ls"], "A-B"],
  [["exec", "--profile", "", "--", "ls"], '"--profile"'],
  [["inspect", "--output", "xml"], "xml"],
  [["doctor", "--output", "xml"], "xml"],
  [["inspect", "--profile", "../x"], "../x"],
  [["list-profiles", "--output", "xml"], "xml"],
  [["delete-profile"], "name"],
  [["delete-profile", "--name", "../x"], "../x"],
  [[""], '""'],
  [["", "get-token"], '""'],
  [["get-token", ""], '""'],
  [["inspect", ""], '""'],
  [["inspect", "-", ""], '""'],
  [["explain", ""], '""'],
  [["explain", "50011", ""], '""'],
  [["permissions", ""], '""'],
  [["completions", ""], '""'],
];

const shown = (arg: string) => arg === "" ? '""' : arg;

for (const [args, named] of WRONG) {
  Deno.test(`entra-auth-cli ${args.slice(0, 5).map(shown).join(" ")} is a usage error`, async () => {
    const result = await runAlone(...args);
    assertEquals([result.code, result.stdout], [2, ""], result.stderr);
    // It says what to do: what is expected, or a hint.
    assertMatch(result.stderr, /^error: [^\n]+(: expected [^\n]+\n|\nHint: \S)/);
    assertStringIncludes(result.stderr, named);
    assert(!/^\s+at |Uncaught/m.test(result.stderr), result.stderr);
    assert(!result.madeHome, "a usage error creates nothing");
  });
}

Deno.test("entra-auth-cli --help, -h and no arguments print the commands on stdout", async () => {
  for (const args of [["--help"], ["-h"], [], ["--plain"], ["help", "-h"]]) {
    const result = await runAlone(...args);
    assertEquals([result.code, result.stderr], [0, ""], args.join());
    for (
      const command of ["get-token", "refresh", "inspect", "clear-cache", "create-profile", "list-profiles"]
    ) {
      assertStringIncludes(result.stdout, command);
    }
    assert(!result.stdout.includes("\x1b"), "no color where no terminal is");
    assert(!result.madeHome);
  }
});

Deno.test("entra-auth-cli get-token --help prints the flags", async () => {
  const result = await runAlone("get-token", "--help");
  assertEquals([result.code, result.stderr], [0, ""]);
  for (
    const flag of [
      "--flow",
      "--profile",
      "--scope",
      "--output",
      "--port",
      "--port-range",
      "--show-url",
      "--force",
    ]
  ) {
    assertStringIncludes(result.stdout, flag);
  }
});

Deno.test("arguments of az, gh and kubectl work, or get a hint with what to type", async () => {
  assertStringIncludes((await runAlone("login")).stderr, "Hint: Did you mean: entra-auth-cli get-token\n");
  const { stderr } = await runAlone("--profile", "x", "get-token");
  assertStringIncludes(stderr, "Hint: Flags come after the command: entra-auth-cli get-token --profile …\n");
  const joined = await runAlone("list-profiles", "-ojson");
  assertEquals([joined.code, joined.stdout.trim()], [0, "[]"], joined.stderr);
});

Deno.test("a usage error points to the help of the command", async () => {
  for (const args of [["get-token", "--no-such-flag"], ["delete-profile"]]) {
    assertStringIncludes((await runAlone(...args)).stderr, `entra-auth-cli ${args[0]} --help`);
  }
  assertStringIncludes((await runAlone("get-tokn")).stderr, "See: entra-auth-cli --help");
});

Deno.test("entra-auth-cli help prints the same as --help, for a command too", async () => {
  for (const command of [[], ["refresh"]]) {
    const [help, flag] = [await runAlone("help", ...command), await runAlone(...command, "--help")];
    assertEquals([help.code, help.stdout], [0, flag.stdout]);
    assertStringIncludes(help.stdout, "Usage:");
  }
});

Deno.test("entra-auth-cli help TOPIC prints the topic, and an unknown one gets suggestions", async () => {
  const topic = await runAlone("help", "exit-codes");
  assertEquals([topic.code, topic.stderr], [0, ""]);
  assertStringIncludes(
    topic.stdout,
    "\n  9    a user must sign in, confirm or enter a value, but cannot be asked\n",
  );
  const unknown = await runAlone("help", "exit-code");
  assertEquals([unknown.code, unknown.stdout], [2, ""]);
  assertEquals(
    unknown.stderr,
    `error: Unknown command or topic "exit-code"
Hint: Did you mean: entra-auth-cli help exit-codes
      Topics: flows, scopes, storage, environment, exit-codes
      See: entra-auth-cli --help
`,
  );
});

Deno.test("--version and --help work after every command, and --help --all shows more", async () => {
  const version = await runAlone("--version");
  assertMatch(version.stdout, /^entra-auth-cli \d/);
  assertEquals((await runAlone("get-token", "--version")).stdout, version.stdout);
  assertEquals((await runAlone("exec", "-V", "--", "ls", "--help")).stdout, version.stdout);
  const help = (await runAlone("exec", "--nope", "-h")).stdout;
  assert(!help.includes("--domain-hint"), help);
  assertStringIncludes(help, "Show more options: entra-auth-cli exec --help --all\n");
  const all = await runAlone("help", "exec", "--all");
  assertEquals([all.code, all.stderr], [0, ""]);
  assertStringIncludes(all.stdout, "--domain-hint");
});

Deno.test("a mistyped command or flag gets a suggestion", async () => {
  const typed: [string[], string][] = [
    [["get-tokn"], "get-token"],
    [["lst-profiles"], "list-profiles"],
    [["creat-profile"], "create-profile"],
    [["get-token", "--prfile", "x"], "--profile"],
    [["help", "docter"], "doctor"],
  ];
  for (const [args, meant] of typed) {
    const { code, stderr } = await runAlone(...args);
    assertEquals(code, 2);
    assertMatch(stderr, new RegExp(`^error: Unknown .*\nHint: Did you mean: .*${meant}\n`));
  }
});

Deno.test("entra-auth-cli --version prints the version of deno.json", async () => {
  const { default: { version } } = await import("../../../deno.json", { with: { type: "json" } });
  for (const flag of ["--version", "-V"]) {
    const result = await runAlone(flag);
    // An executable prints its commit too.
    const named = result.stdout.replace(/ \((dev )?[0-9a-f]{12}(-changed)?\)(?=\n$)/, "");
    assertEquals([result.code, named, result.stderr], [0, `entra-auth-cli ${version}\n`, ""]);
  }
});
