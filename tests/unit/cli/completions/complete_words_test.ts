import { assertEquals } from "@std/assert";
import { Command } from "@cliffy/command";
import { completeWords } from "../../../../src/cli/completions/complete_words.ts";
import { TOPIC_NAMES } from "../../../../src/cli/topics.ts";

const PROGRAM = new Command()
  .name("program")
  .globalOption("--verbose", "Say more.")
  .command(
    "take",
    new Command()
      .description("Take something.\nMore about it.")
      .option("-f, --form <form:string>", "Form.")
      .option("-p, --profile <name:string>", "Profile.")
      .option("-s, --scope <scopes:string>", "Scopes.", { collect: true })
      .option("--force", "Force.")
      .option("--silent", "Hidden.", { hidden: true }),
  )
  .command(
    "config",
    new Command().description("Nested.").command("create", new Command().description("Create.")),
  )
  .command(
    "shell",
    new Command().description("Argument.").arguments("<shell:string:shell>").complete(
      "shell",
      () => ["bash"],
    ),
  );

async function offered(...words: string[]): Promise<string[]> {
  const values: Readonly<Record<string, readonly string[]>> = {
    "--profile": ["work", "web api"],
    "--form": ["json", "yaml"],
  };
  const offered = await completeWords(PROGRAM, words, {
    ofFlag: (flag) => flag in values ? Promise.resolve(values[flag] ?? []) : null,
    profilesOf: (command) => Promise.resolve(command === "take" ? ["work", "web api"] : []),
  });
  return offered.map(({ value }) => value);
}

Deno.test("completeWords() offers commands and subcommands", async () => {
  assertEquals(await offered(""), ["take", "config", "shell", "help"]);
  assertEquals(await offered("c"), ["config"]);
  assertEquals(await offered("config", ""), ["create"]);
  assertEquals(await offered(), ["take", "config", "shell", "help"]);
  const [take] = await completeWords(PROGRAM, ["ta"], {
    ofFlag: () => null,
    profilesOf: () => Promise.resolve([]),
  });
  assertEquals(take, { value: "take", description: "Take something." });
});

Deno.test("completeWords() offers commands and topics after help, and then nothing", async () => {
  assertEquals(await offered("help", ""), ["take", "config", "shell", ...TOPIC_NAMES]);
  assertEquals(await offered("help", "sc"), ["scopes"]);
  assertEquals(await offered("help", "scopes", ""), []);
  assertEquals((await offered("take", "h")).includes("help"), false, "help is the first word");
});

Deno.test("completeWords() offers flags, except hidden ones and those that cannot be repeated", async () => {
  assertEquals(await offered("take", "--f"), ["--form", "--force"]);
  assertEquals(await offered("take", "--force", "-s", "x", "-"), [
    "--verbose",
    "--form",
    "--profile",
    "--scope",
  ]);
  assertEquals((await offered("take", "")).includes("--form"), true, "where there is nothing else to offer");
});

Deno.test("completeWords() offers the values of a flag, in each way to type it", async () => {
  assertEquals(await offered("take", "--form", ""), ["json", "yaml"]);
  assertEquals(await offered("take", "-f", "j"), ["json"]);
  assertEquals(await offered("take", "--form=y"), ["--form=yaml"]);
  assertEquals(await offered("take", "--form", "=", "y"), ["yaml"]);
  assertEquals(await offered("take", "--form", "="), ["json", "yaml"]);
  assertEquals(await offered("take", "--profile", "w"), ["work", "web api"]);
  assertEquals(await offered("take", "--profile", '"web'), ["web api"]);
  assertEquals(await offered("take", "--profile", "''"), ["work", "web api"], "how PowerShell says nothing");
  assertEquals(await offered("take", "--scope", ""), []);
});

Deno.test("completeWords() offers the values of an argument, and nothing after --", async () => {
  assertEquals(await offered("shell", ""), ["bash"]);
  assertEquals(await offered("take", "--", "--f"), []);
});

Deno.test("completeWords() offers profiles where a command takes one without a flag, and none twice", async () => {
  assertEquals(await offered("take", "w"), ["work", "web api"]);
  assertEquals((await offered("take", "")).slice(0, 3), ["work", "web api", "--verbose"]);
  assertEquals(await offered("take", "--scope", "x", "--force", "w"), ["work", "web api"]);
  for (const named of [["work"], ["--profile", "work"], ["-p=work"], ["--name=work"], ["-n", "=", "work"]]) {
    assertEquals(await offered("take", ...named, "w"), [], named.join(" "));
  }
  assertEquals(await offered("take", "--name", "wo"), ["work"], "--name and --profile mean the same");
  assertEquals(await offered("shell", "w"), []);
});
