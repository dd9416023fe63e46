import { assertEquals } from "@std/assert";
import { Command } from "@cliffy/command";
import fc from "fast-check";
import { addOptions } from "../../../src/cli/options/add_options.ts";
import { fastPath } from "../../../src/cli/arguments.ts";
import type { Option, OptionTable } from "../../../src/cli/options/option_table.ts";
import { GET_TOKEN_OPTIONS, REFRESH_OPTIONS } from "../../../src/cli/options/token_options.ts";

/** Parses the same words with Cliffy; null if it refuses them. */
async function parseWithCliffy(words: readonly string[], table: OptionTable): Promise<unknown> {
  try {
    const command = addOptions(new Command().throwErrors().noExit(), table);
    return (await command.parse([...words])).options;
  } catch {
    return null;
  }
}
const text = fc.oneof(
  fc.constantFrom("json", "User.Read Mail.Read", "a=b", "=", '"x"', "true", "0", "a,b", " ", "ünï", "'", "*"),
  fc.string(),
);

const namesOf = (chosen: readonly Option[]) =>
  chosen.flatMap(({ flag, short }) => short === undefined ? [flag] : [flag, short]);

/** Words for a command with these options, some of them wrong. */
function wordsFor(table: OptionTable): fc.Arbitrary<string[]> {
  const options = Object.values(table);
  const flag = fc.constantFrom(...namesOf(options.filter(({ value }) => value !== undefined)));
  const switches = namesOf(options.filter(({ value }) => value === undefined));
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.tuple(flag, text) },
      { weight: 3, arbitrary: fc.tuple(flag, text).map(([name, value]) => [`${name}=${value}`]) },
      { weight: 4, arbitrary: fc.constantFrom(...switches, "-qo", "--help").map((word) => [word]) },
      { weight: 1, arbitrary: text.map((word) => [word]) },
    ),
    { maxLength: 5 },
  ).map((parts) => parts.flat());
}

for (
  const [command, table] of Object.entries({ "get-token": GET_TOKEN_OPTIONS, "refresh": REFRESH_OPTIONS })
) {
  Deno.test(`fastPath() parses each ${command} that it accepts as Cliffy does`, async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(wordsFor(table), async (typed) => {
        const call = fastPath([command, ...typed]);
        if (call === null) return;
        accepted++;
        assertEquals(call.command, command);
        assertEquals(call.flags, await parseWithCliffy(typed, table), JSON.stringify(typed));
      }),
      { numRuns: 1500 },
    );
    assertEquals(accepted > 200, true, `only ${accepted} were accepted`);
  });
}

Deno.test("fastPath() parses the calls that the README shows for scripts", () => {
  const plain = { cache: true, interactive: true };
  const flagsOf = (...words: string[]) => fastPath(["get-token", ...words])?.flags;
  assertEquals(flagsOf(), plain);
  assertEquals(flagsOf("-q", "-o", "header"), { ...plain, quiet: true, output: "header" });
  assertEquals(flagsOf("--profile=work", "--scope", "User.Read", "-s", "Mail.Read"), {
    ...plain,
    profile: "work",
    scope: ["User.Read", "Mail.Read"],
  });
  assertEquals(flagsOf("--no-interactive"), { ...plain, interactive: false });
  assertEquals(flagsOf("--force", "--no-cache"), { ...plain, force: true, cache: false });
  assertEquals(fastPath(["refresh", "--output", "token"]), {
    command: "refresh",
    flags: { output: "token" },
  });
});

Deno.test("fastPath() leaves unknown flags and mistakes to Cliffy", () => {
  const others = [
    [],
    ["status"],
    ["refresh", "work"],
    ["refresh", "--force"],
    ["--verbose", "get-token"],
    ["get-token", "--help"],
    ["get-token", "--verbose"],
    ["get-token", "--output"],
    ["get-token", "--output", ""],
    ["get-token", "--output="],
    ["get-token", "--output", "--quiet"],
    ["get-token", "-o", "json", "--output", "json"],
    ["get-token", "-q", "--quiet"],
    ["get-token", "--quiet=true"],
    ["get-token", "-ojson"],
    ["get-token", "more"],
    ["get-token", "--"],
    ["get-token", "constructor"],
    ["get-token", "__proto__"],
  ];
  for (const args of others) assertEquals(fastPath(args), null, args.join(" "));
});
