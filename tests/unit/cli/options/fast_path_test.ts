import { assertEquals } from "@std/assert";
import { Command } from "@cliffy/command";
import fc from "fast-check";
import { fastPath } from "../../../../src/cli/options/fast_path.ts";
import { getTokenOptions } from "../../../../src/cli/commands/get_token.ts";

/** What Cliffy makes of the same words; null where it refuses them. */
async function asCliffyReads(words: readonly string[]): Promise<unknown> {
  try {
    const command = getTokenOptions(new Command().throwErrors().noExit());
    return (await command.parse([...words])).options;
  } catch {
    return null;
  }
}
const text = fc.oneof(
  fc.constantFrom("json", "User.Read Mail.Read", "a=b", "=", '"x"', "true", "0", "a,b", " ", "ünï", "'", "*"),
  fc.string(),
);
const flag = fc.constantFrom(
  ...["--output", "-o", "--profile", "-p", "--scope", "-s", "--tenant-id", "--client-id", "--flow", "-f"],
);
const words = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(flag, text) },
    { weight: 3, arbitrary: fc.tuple(flag, text).map(([name, value]) => [`${name}=${value}`]) },
    {
      weight: 4,
      arbitrary: fc.constantFrom("--quiet", "-q", "--no-interactive", "-qo", "--help").map((w) => [w]),
    },
    { weight: 1, arbitrary: text.map((word) => [word]) },
  ),
  { maxLength: 5 },
).map((parts) => parts.flat());

Deno.test("fastPath() reads whatever it reads as Cliffy does", async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(words, async (typed) => {
      const flags = fastPath(["get-token", ...typed]);
      if (flags === null) return;
      read++;
      assertEquals(flags, await asCliffyReads(typed), JSON.stringify(typed));
    }),
    { numRuns: 1500 },
  );
  assertEquals(read > 200, true, `only ${read} were read`);
});

Deno.test("fastPath() reads the calls that the README shows for scripts", () => {
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
});

Deno.test("fastPath() leaves to Cliffy what it doesn't know, and what is wrong", () => {
  const others = [
    [],
    ["refresh"],
    ["--verbose", "get-token"],
    ["get-token", "--help"],
    ["get-token", "--force"],
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
