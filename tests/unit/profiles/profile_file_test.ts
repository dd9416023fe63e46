import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { formatProfileFile, parseProfileFile, profileIn } from "../../../src/profiles/profile_file.ts";
import { refuseDuplicates } from "../../../src/profiles/profile_file_error.ts";

const PATH = "/home/me/profiles.json";
const CLIENT = "00000000-0000-4000-8000-00000000000a";
const GOOD = `{
  "version": 1,
  "profiles": {
    "work": {
      "tenantId": "Contoso.com",
      "clientId": "${CLIENT}",
      "scopes": ["User.Read", "Mail.Read"]
    }
  }
}
`;

function parse(text: string) {
  return parseProfileFile(PATH, new TextEncoder().encode(text));
}

async function find(text: string, name = "work") {
  return await profileIn(await parse(text), name);
}

/** Where `spoiled` differs from a good file, the message has to say so. */
async function assertProfileFileError(text: string, place: string, message: string): Promise<void> {
  const error = await assertRejects(
    async () => {
      const file = await parse(text);
      await refuseDuplicates(file);
      for (const name of Object.keys(file.profiles)) await profileIn(file, name);
    },
    CliError,
    undefined,
    text,
  );
  assertEquals(error.code, "invalid_profile");
  assertEquals(error.message, `${PATH}, ${place}: ${message}`);
}

Deno.test("parseProfileFile() reads what people write, and fills in what they may leave out", async () => {
  const expected = {
    name: "work",
    tenantId: "contoso.com",
    clientId: CLIENT,
    flow: "interactive" as const,
    scopes: ["User.Read", "Mail.Read"],
  };
  assertEquals(await find(GOOD), expected);
  assertEquals(await find("\ufeff" + GOOD.replaceAll("\n", "\r\n")), expected);
  assertEquals(await find(GOOD.replace('"version": 1,', "")), expected);
  assertEquals(await find("{}"), null);
  const withAuthority = GOOD.replace('"scopes"', '"authority": "https://login.microsoftonline.us", "scopes"');
  assertEquals(await find(withAuthority), { ...expected, authority: "https://login.microsoftonline.us" });
});

Deno.test("parseProfileFile() says line and column of what isn't JSON", async () => {
  const table: [string, string, string][] = [
    ["", "line 1, column 1", "the file is empty"],
    [" \n", "line 2, column 1", "the file is empty"],
    [GOOD.replace('"Contoso.com",', '"Contoso.com"'), "line 6, column 7", "this is not JSON"],
    [GOOD.replace('"Mail.Read"]', '"Mail.Read"],'), "line 8, column 5", "this is not JSON"],
    [GOOD.replace('"Contoso.com"', "Contoso.com"), "line 5, column 19", "this is not JSON"],
    [GOOD.replace('"version"', '// mine\n  "version"'), "line 2, column 3", "this is not JSON"],
    [GOOD.replace('Contoso.com"', "Contoso.com"), "line 5, column 19", "this is not JSON"],
    [GOOD + "}", "line 11, column 1", "this is not JSON"],
  ];
  for (const [text, place, message] of table) await assertProfileFileError(text, place, message);
});

Deno.test("parseProfileFile() keeps what isn't JSON out of its error, with all that is under it", async () => {
  const text = '{"secrets": {"work": {"clientSecret": "hunter2" hunter3}}}';
  const bytes = new TextEncoder().encode(text);
  const error = await assertRejects(() => parseProfileFile("exported.json", bytes), CliError);
  assertEquals([error.cause, /hunter/.test(`${error.message}${error.hint}`)], [undefined, false]);
});

Deno.test("parseProfileFile() says line and column of what has the wrong form", async () => {
  const table: [string, string, string][] = [
    ["[]", "line 1, column 1", "an object is expected here"],
    ["null", "line 1, column 1", "an object is expected here"],
    ['{"profiles": []}', "line 1, column 14", "profiles must be an object"],
    ['{"version": 0}', "line 1, column 13", "version must be 1"],
    ['{"version": "1"}', "line 1, column 13", "version must be 1"],
  ];
  for (const [text, place, message] of table) await assertProfileFileError(text, place, message);
});

Deno.test("parseProfileFile() asks for an update where the file is of a newer version", async () => {
  const bytes = new TextEncoder().encode('{"version": 2, "profiles": {}}');
  const error = await assertRejects(() => parseProfileFile("profiles.json", bytes), CliError);
  assertEquals(error.message, "profiles.json, line 1, column 13: version 2 is newer than this program");
  assertEquals(error.hint, "Update entra-auth-cli; the file was left as it is.");
});

Deno.test("profileIn() says line and column of a wrong field, and what was found", async () => {
  const table: [string, string, string, string][] = [
    ['"Contoso.com"', '"contoso"', "line 5, column 19", 'Tenant is wrong: "contoso"'],
    ['"Contoso.com"', "12", "line 5, column 19", "tenantId must be a text in quotes"],
    [`"${CLIENT}"`, '"x"', "line 6, column 19", 'Client ID is wrong: "x"'],
    ['"clientId"', '"clientID"', "line 4, column 13", "clientId is missing"],
    ['"Mail.Read"]', "7]", "line 7, column 31", "a scope must be a text in quotes"],
    ['["User.Read", "Mail.Read"]', '"User.Read"', "line 7, column 17", "scopes must be a list of texts"],
    ['["User.Read", "Mail.Read"]', "null", "line 7, column 17", "scopes must be a list of texts"],
    ['"scopes"', '"flow": "password", "scopes"', "line 7, column 15", 'Flow is wrong: "password"'],
    ['"work"', '"../work"', "line 4, column 16", 'Profile name is wrong: "../work"'],
    ['"work"', '"__proto__"', "line 4, column 18", 'Profile name is wrong: "__proto__"'],
    ['"scopes"', '"authority": "http://x", "scopes"', "line 7, column 20", 'Authority is wrong: "http://x"'],
    ['"work": {', '"other": 7, "work": {', "line 4, column 14", "a profile must be an object"],
  ];
  for (const [from, to, place, message] of table) {
    await assertProfileFileError(GOOD.replace(from, to), place, message);
  }
});

Deno.test("profileIn() doesn't mind a mistake in another profile", async () => {
  assertEquals((await find(GOOD.replace('"work": {', '"other": 7, "work": {')))?.name, "work");
});

Deno.test("profileIn() finds nothing that an object merely inherits", async () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    assertEquals(await find(GOOD, name), null);
  }
});

Deno.test("refuseDuplicates() says where a key is there for the second time", async () => {
  const twice = GOOD.replace('"work": {', '"work": {},\n    "work": {');
  await assertProfileFileError(twice, "line 5, column 5", '"work" is there twice');
  await assertProfileFileError(
    GOOD.replace('"scopes"', '"tenantId": "x.y", "scopes"'),
    "line 7, column 7",
    '"tenantId" is there twice',
  );
  await refuseDuplicates(await parse(GOOD));
});

Deno.test("parseProfileFile() refuses what isn't UTF-8", async () => {
  await assertRejects(
    () => parseProfileFile(PATH, new Uint8Array([0xff, 0xfe])),
    CliError,
    "is not UTF-8 text",
  );
});

Deno.test("formatProfileFile() keeps what this program doesn't know", async () => {
  const text = GOOD.replace('"version": 1,', '"version": 1, "note": {"mine": [1]},').replace(
    '"scopes"',
    '"color": "red", "scopes"',
  );
  const file = await parse(text);
  const written = new TextDecoder().decode(formatProfileFile(file, file.profiles));
  assertEquals(JSON.parse(written), JSON.parse(text));
  assertEquals(written.includes('\n  "profiles": {\n    "work": {\n'), true);
  assertEquals(written.endsWith("}\n"), true);
});
