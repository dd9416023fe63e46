import { assertEquals } from "@std/assert";
import { Command } from "@cliffy/command";
import fc from "fast-check";
import { addOptions } from "../../../src/cli/options/add_options.ts";
import { fastPath } from "../../../src/cli/arguments.ts";
import type { Option } from "../../../src/cli/options/option_table.ts";
import { GET_TOKEN_OPTIONS } from "../../../src/cli/options/token_options.ts";

/** Parses the same words with Cliffy; null if it refuses them. */
async function parseWithCliffy(words: readonly string[]): Promise<unknown> {
  try {
    const command = addOptions(new Command().throwErrors().noExit(), GET_TOKEN_OPTIONS);
    return (await command.parse([...words])).options;
  } catch {
    return null;
  }
}
const text = fc.oneof(
  fc.constantFrom("json", "User.Read Mail.Read", "a=b", "=", '"x"', "true", "0", "a,b", " ", "ünï", "'", "*"),
  fc.string(),
);
const options: readonly Option[] = Object.values(GET_TOKEN_OPTIONS);
const namesOf = (chosen: readonly Option[]) =>
  chosen.flatMap(({ flag, short }) => short === undefined ? [flag] : [flag, short]);
const flag = fc.constantFrom(...namesOf(options.filter(({ value }) => value !== undefined)));
const switches = namesOf(options.filter(({ value }) => value === undefined));
const words = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(flag, text) },
    { weight: 3, arbitrary: fc.tuple(flag, text).map(([name, value]) => [`${name}=${value}`]) },
    { weight: 4, arbitrary: fc.constantFrom(...switches, "-qo", "--help").map((word) => [word]) },
    { weight: 1, arbitrary: text.map((word) => [word]) },
  ),
  { maxLength: 5 },
).map((parts) => parts.flat());

Deno.test("fastPath() parses each command line that it accepts as Cliffy does", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(words, async (typed) => {
      const flags = fastPath(["get-token", ...typed]);
      if (flags === null) return;
      accepted++;
      assertEquals(flags, await parseWithCliffy(typed), JSON.stringify(typed));
    }),
    { numRuns: 1500 },
  );
  assertEquals(accepted > 200, true, `only ${accepted} were accepted`);
});

Deno.test("fastPath() parses the calls that the README shows for scripts", () => {
  const plain = { cache: true, interactive: true };
  assertEquals(fastPath(["get-token"]), plain);
  assertEquals(fastPath(["get-token", "-q", "-o", "header"]), {
    ...plain,
    quiet: true,
    output: "header",
  });
  assertEquals(fastPath(["get-token", "--profile=work", "--scope", "User.Read", "-s", "Mail.Read"]), {
    ...plain,
    profile: "work",
    scope: ["User.Read", "Mail.Read"],
  });
  assertEquals(fastPath(["get-token", "--no-interactive"]), { ...plain, interactive: false });
  assertEquals(fastPath(["get-token", "--force", "--no-cache"]), { ...plain, force: true, cache: false });
});

Deno.test("fastPath() leaves unknown flags and mistakes to Cliffy", () => {
  const others = [
    [],
    ["refresh"],
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
