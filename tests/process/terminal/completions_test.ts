import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hasNoPseudoTerminal, plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasCommand, startShell } from "../../support/program/shell.ts";

/** Command lines up to the cursor, with the completions that the shell must offer. */
const TYPED: readonly (readonly [string, readonly string[]])[] = [
  ["entra-auth-cli get-to", ["get-token"]],
  ["entra-auth-cli li", ["list-profiles"]],
  ["entra-auth-cli help ex", ["exec", "explain", "export-profile", "exit-codes"]],
  ["entra-auth-cli get-token --port", ["--port", "--port-range"]],
  ["entra-auth-cli get-token --flow inter", ["interactive"]],
  ["entra-auth-cli get-token --profile w", ["web api", "work"]],
  ["entra-auth-cli get-token -p wo", ["work"]],
  ["entra-auth-cli show-profile wo", ["work"]],
  ["entra-auth-cli exec work -- only_h", ["only_here"]],
  ["entra-auth-cli delete-profile --name wo", ["work"]],
  ["entra-auth-cli completions f", ["fish"]],
  ["entra-auth-cli get-token --output exec", ["exec-credential"]],
  ["entra-auth-cli doctor -o y", ["yaml"]],
  ["entra-auth-cli get-token --cloud us", ["usgov"]],
];

async function openWithProfiles(): Promise<Sandbox> {
  const sandbox = await openSandbox();
  for (const name of ["work", "web api"]) {
    const created = await sandbox.run(createProfileArgs(name, sandbox.provider));
    assertEquals(created.code, 0, created.stderr);
  }
  return sandbox;
}

function testIn(
  shell: string,
  test: (sandbox: Sandbox) => Promise<void>,
  isMissing = !hasCommand(shell),
): void {
  const name = `${shell} completes commands, flags, flows and the names of profiles`;
  Deno.test({
    name: isMissing ? `${name} (ignored: no ${shell} here)` : name,
    ignore: isMissing,
    async fn() {
      await using sandbox = await openWithProfiles();
      await test(sandbox);
    },
  });
}

/** Runs a script in `shell`, which must print nothing on stderr. */
async function output(sandbox: Sandbox, shell: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await (await startShell(sandbox, [shell, "-c", script])).ended;
  assertEquals([code, stderr], [0, ""], stdout);
  return stdout;
}

testIn("bash", async (sandbox) => {
  const cases = TYPED.map(([typed]) => {
    const words = typed.split(" ");
    return `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}
      _entra_auth_cli; printf '%s\\n' "\${COMPREPLY[@]}"; echo ==`;
  });
  const script = ["only_here() { :; }; source <(entra-auth-cli completions bash)", ...cases].join("\n");
  const offered = (await output(sandbox, "bash", script)).split("==\n").slice(0, -1);
  // Quoted, so that a name with a space remains one word.
  const quoted = TYPED.map(([, words]) => words.map((word) => word.replace(" ", "\\ ")).toSorted());
  assertEquals(offered.map((lines) => lines.trim().split("\n").toSorted()), quoted);
  // Bash splits `--profile=wo` into three words.
  const parted = `source <(entra-auth-cli completions bash)
    COMP_WORDS=(entra-auth-cli get-token --profile = wo); COMP_CWORD=4; _entra_auth_cli; echo "\${COMPREPLY[@]}"
    complete -p entra-auth-cli`;
  assertEquals(
    await output(sandbox, "bash", parted),
    "work\ncomplete -o default -F _entra_auth_cli entra-auth-cli\n",
  );
});

testIn("fish", async (sandbox) => {
  const typed = TYPED.slice(0, 9);
  const cases = typed.map(([typed]) => `complete -C '${typed}'; echo ==`);
  const setUp = "function only_here; end; entra-auth-cli completions fish | source";
  const script = [setUp, ...cases].join("\n");
  const offered = (await output(sandbox, "fish", script)).split("==\n").slice(0, -1);
  const words = offered.map((lines) =>
    lines.trim().split("\n").map((line) => line.split("\t")[0] ?? "").toSorted()
  );
  assertEquals(words, typed.map(([, expected]) => expected.toSorted()));
  assertStringIncludes(offered[0] ?? "", "get-token\tGet an access token", "descriptions are shown");
});

testIn("zsh", async (sandbox) => {
  // An interactive zsh ignores the signal that timeout sends by default.
  const terminal = await startOnTerminal(sandbox, "timeout --foreground --signal=KILL 100 zsh -f -i", {
    env: { TERM: "dumb", HOME: sandbox.folder },
  });
  // The input is echoed too. The quotes distinguish it from the prompt.
  await terminal.type(
    "autoload -U compinit; compinit -D; source <(entra-auth-cli completions zsh); PS1='rea''dy> '\r",
  );
  await terminal.stdoutMatch(/ready> /);
  // A unique completion appears as if it had been typed.
  await terminal.type("entra-auth-cli get-token --profile wo\t");
  await terminal.stdoutMatch(/--profile work /);
  await terminal.type("\x15entra-auth-cli list-p\t");
  await terminal.stdoutMatch(/entra-auth-cli list-profiles /);
  // Several completions are listed with their descriptions.
  await terminal.type("\x15entra-auth-cli get-token --port\t\t");
  await terminal.stdoutMatch(/--port +-- Port for the redirect[\s\S]*--port-range +-- Ports to choose from/);
  await terminal.type("\x15entra-auth-cli delete-profile --name we\t");
  await terminal.stdoutMatch(/--name web\\ api /);
  await terminal.type("\x15entra-auth-cli exec work -- mkfif\t");
  await terminal.stdoutMatch(/-- mkfifo /);
  // Values have no descriptions, and nothing stands in their place.
  await terminal.type("\x15entra-auth-cli create-profile --cloud \t\t");
  await terminal.stdoutMatch(/china[^\n]*usgov/);
  await terminal.type("\x15exit\r");
  const { stdout } = await terminal.ended;
  assert(!/command not found|parse error/.test(plainScreen(stdout)), stdout);
}, !hasCommand("zsh") || hasNoPseudoTerminal);

Deno.test("completions prints a script for PowerShell, and names the shells for an unknown one", async () => {
  await using sandbox = await openSandbox();
  const { code, stdout } = await sandbox.run(["completions", "powershell"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Register-ArgumentCompleter -Native -CommandName 'entra-auth-cli'");
  const unknown = await sandbox.run(["completions", "tcsh"]);
  assertEquals([unknown.code, unknown.stdout], [2, ""]);
  assertStringIncludes(unknown.stderr, "bash, zsh, fish, powershell");
});

Deno.test("completions of create-profile and import-profile do not offer existing names", async () => {
  await using sandbox = await openSandbox();
  for (const command of ["create-profile", "import-profile"]) {
    assertEquals((await sandbox.run(["__complete", command, "--name", ""])).stdout, "");
  }
  const alias = await sandbox.run(["__complete", "config", "edit", "--name", "def"]);
  assertEquals(alias.stdout, "default\t\n", "those of the .NET tool's names are");
});

Deno.test("completing a word never fails and prints nothing on stderr, even with a damaged profiles.json", async () => {
  await using sandbox = await openSandbox();
  await Deno.writeTextFile(`${sandbox.home}/profiles.json`, "{ oops");
  for (const words of [["get-token", "--profile", ""], ["no-such-command", ""], ["exec", "--", "l"], []]) {
    const { code, stderr } = await sandbox.run(["__complete", ...words]);
    assertEquals([code, stderr], [0, ""], words.join(" "));
  }
});
