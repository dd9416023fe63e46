import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { CliError } from "../../../src/errors.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import { openProfileStore } from "../../../src/profiles/profile_store.ts";
import { makeStoreHome, type StoreHome } from "../../support/fixtures/store_fixture.ts";
import { printFigures } from "../../support/program/print_figures.ts";

/** The system decides nothing about a variant, and Wine is slow: Windows gets a tenth of them. */
const RUNS = Deno.build.os === "windows" ? 200 : 2000;

const NAMES = ["work", "personal", "third"];

function profile(name: string): Profile {
  return {
    name,
    tenantId: "contoso.onmicrosoft.com",
    clientId: "00000000-0000-4000-8000-00000000000a",
    flow: "interactive",
    scopes: ["User.Read", "Mail.Read"],
    authority: "https://login.microsoftonline.us",
  };
}

async function writtenText(home: StoreHome): Promise<string> {
  const store = openProfileStore({ folder: home.folder() });
  for (const name of NAMES) await store.add(profile(name));
  return new TextDecoder().decode(await home.read("profiles.json"));
}

/** Returns the result, or a `CliError`. Any other error fails the test. */
async function outcomeOf<T>(work: () => Promise<T>): Promise<T | CliError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw new Error(`not an error for people: ${Deno.inspect(error)}`, { cause: error });
  }
}

/** Asserts that the error names the file and the place in it; bytes that are not text have no lines. */
function assertPointsAtError(error: CliError, path: string, content: string): void {
  assertEquals([error.code, error.exitCode], ["invalid_profile", 7], error.message);
  assert(!error.message.includes("\n"), error.message);
  if (error.message === `${path} is not UTF-8 text`) return;
  const place = /^(.*), line (\d+), column (\d+): ./.exec(error.message);
  assertEquals(place?.[1], path, error.message);
  const lines = content.replace(/^\u{feff}/u, "").split("\n");
  const [line, column] = [Number(place?.[2]), Number(place?.[3])];
  assert(line >= 1 && line <= lines.length, `${error.message} of ${lines.length} lines`);
  assert(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, error.message);
}

/** Generates edits of a text by hand. */
function edited(text: string): fc.Arbitrary<string> {
  const place = fc.nat(text.length);
  const lines = text.split("\n");
  const line = fc.nat(lines.length - 1);
  const typed = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.constantFrom(
      ..."{}[],:\"'\\\n\t/#-0",
      "//",
      "/* */",
      "null",
      '"x": 1,',
      '"__proto__": {},',
      "\u{0}",
      "\u{2028}",
    ),
  );
  const replaceable = [...text.matchAll(/"(?:[^"\\]|\\.)*"|\d+|\[[^\]]*\]/g)];
  return fc.oneof(
    fc.tuple(place, fc.nat(20)).map(([at, length]) => text.slice(0, at) + text.slice(at + length)),
    fc.tuple(place, typed).map(([at, what]) => text.slice(0, at) + what + text.slice(at)),
    fc.tuple(
      fc.constantFrom(...replaceable),
      fc.oneof(typed, fc.jsonValue().map((value) => JSON.stringify(value))),
    )
      .map(([{ 0: found, index }, by]) => text.slice(0, index) + by + text.slice(index + found.length)),
    line.map((number) => lines.toSpliced(number, 1).join("\n")),
    line.map((number) => lines.toSpliced(number, 0, lines[number] ?? "").join("\n")),
    fc.tuple(line, line).map(([a, b]) => lines.with(a, lines[b] ?? "").with(b, lines[a] ?? "").join("\n")),
    fc.constantFrom(
      `\u{feff}${text}`,
      text.replaceAll("\n", "\r\n"),
      text.replaceAll('"', "'"),
      "",
      " ",
      "null",
      "[]",
    ),
    fc.string(),
    fc.jsonValue().map((profiles) => JSON.stringify({ version: 1, profiles })),
    fc.jsonValue().map((work) => JSON.stringify({ profiles: { work } })),
    fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
  );
}

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Counts the keys of all objects in a JSON text. */
function keysIn(json: string): number {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([_, colon]) => colon !== undefined).length;
}

/** Returns the expected file with the profile `new`, or null if it cannot be added. */
async function textWithNewProfile(home: StoreHome): Promise<string | null> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await home.read("profiles.json"));
    const value = JSON.parse(text);
    const { profiles = {}, ...rest } = value;
    if (!isPlainObject(value) || !isPlainObject(profiles)) return null;
    // A duplicate key would be lost.
    if (keysIn(text) !== keysIn(JSON.stringify(value))) return null;
    const { name: _, ...record } = profile("new");
    return JSON.stringify({ version: 1, ...rest, profiles: { ...profiles, new: record } });
  } catch {
    return null;
  }
}

Deno.test("A mistake in profiles.json is an error with its place, and the file is never rewritten, in thousands of variants", async () => {
  await using home = await makeStoreHome();
  const text = await writtenText(home);
  const store = openProfileStore({ folder: home.folder() });
  const contents = fc.oneof(
    { weight: 9, arbitrary: edited(text).map((content) => new TextEncoder().encode(content)) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(text.length), fc.uint8Array({ minLength: 1, maxLength: 4 })).map((
        [at, bytes],
      ) => new Uint8Array([...new TextEncoder().encode(text.slice(0, at)), ...bytes])),
    },
  );
  let mistakes = 0;
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      await home.write("profiles.json", content);
      const expected = await textWithNewProfile(home);
      const shown = new TextDecoder().decode(content);
      const outcomes: unknown[] = [
        await outcomeOf(() => store.find("work")),
        await outcomeOf(() => store.list()),
      ];
      assertEquals(await home.read("profiles.json"), content, "reading changes nothing");
      const added = await outcomeOf(() => store.add(profile("new")));
      if (added instanceof CliError) {
        assertEquals(await home.read("profiles.json"), content);
        mistakes++;
        if (added.code !== "usage") outcomes.push(added);
      } else {
        // A rewrite keeps the content, also what this program does not use.
        const rewritten = JSON.parse(new TextDecoder().decode(await home.read("profiles.json")));
        const { id, ...added } = rewritten.profiles.new;
        assertMatch(id, /^[0-9a-f]{32}$/);
        rewritten.profiles.new = added;
        assertEquals(JSON.stringify(rewritten), expected);
      }
      for (const outcome of outcomes) {
        if (outcome instanceof CliError) assertPointsAtError(outcome, home.file("profiles.json"), shown);
      }
      assertEquals(Object.keys(Object.prototype), []);
    }),
    { numRuns: RUNS },
  );
  assert(mistakes > RUNS / 4, `${mistakes}`);
  await printFigures("damaged profiles", RUNS, `${mistakes} refused, 0 lost`);
});
