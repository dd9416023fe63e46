import { assert, assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { formatProfileFile, parseProfileFile, profileIn } from "../../../src/profiles/profile_file.ts";
import { rejectDuplicates } from "../../../src/profiles/profile_file_error.ts";
import { withoutUndefined } from "../../support/fixtures/without_undefined.ts";

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

/** Finds a profile, without its absent fields. */
async function find(text: string, name = "work") {
  return withoutUndefined(await profileIn(await parse(text), name));
}

/** Asserts that `text` has a mistake at `place`, with an error that starts with `message`. */
async function assertProfileFileError(text: string, place: string, message: string): Promise<void> {
  const error = await assertRejects(
    async () => {
      const file = await parse(text);
      await rejectDuplicates(file);
      for (const name of Object.keys(file.profiles)) await profileIn(file, name);
    },
    CliError,
    undefined,
    text,
  );
  assertEquals(error.code, "invalid_profile");
  assert(error.message.startsWith(`${PATH}, ${place}: ${message}`), error.message);
}

Deno.test("parseProfileFile() parses a handwritten file, and fills in optional fields", async () => {
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
  const alias = withAuthority.replace("login.microsoftonline.us", "login.usgovcloudapi.net");
  assertEquals(await find(alias), { ...expected, authority: "https://login.microsoftonline.us" });
});

Deno.test("parseProfileFile() reports line and column of a syntax error", async () => {
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

Deno.test("parseProfileFile() does not quote invalid JSON in its error or the cause", async () => {
  const text = '{"secrets": {"work": {"clientSecret": "hunter2" hunter3}}}';
  const bytes = new TextEncoder().encode(text);
  const error = await assertRejects(() => parseProfileFile("exported.json", bytes), CliError);
  assertEquals([error.cause, /hunter/.test(`${error.message}${error.hint}`)], [undefined, false]);
});

Deno.test("parseProfileFile() reports line and column of an invalid form", async () => {
  const table: [string, string, string][] = [
    ["[]", "line 1, column 1", "expected an object"],
    ["null", "line 1, column 1", "expected an object"],
    ['{"profiles": []}', "line 1, column 14", "profiles must be an object"],
    ['{"version": 0}', "line 1, column 13", "version must be 1"],
    ['{"version": "1"}', "line 1, column 13", "version must be 1"],
  ];
  for (const [text, place, message] of table) await assertProfileFileError(text, place, message);
});

Deno.test("parseProfileFile() suggests an update if the file has a newer version", async () => {
  const bytes = new TextEncoder().encode('{"version": 2, "profiles": {}}');
  const error = await assertRejects(() => parseProfileFile("profiles.json", bytes), CliError);
  assertEquals(error.message, "profiles.json, line 1, column 13: version 2 is newer than this program");
  assertEquals(error.hint, "Update entra-auth-cli. The file was not changed.");
});

Deno.test("profileIn() reports line and column of an invalid field, and its value", async () => {
  const table: [string, string, string, string][] = [
    ['"Contoso.com"', '"contoso"', "line 5, column 19", 'Invalid tenant "contoso": expected a GUID, '],
    ['"Contoso.com"', "12", "line 5, column 19", "tenantId must be a string"],
    [`"${CLIENT}"`, '"x"', "line 6, column 19", 'Invalid client ID "x": expected a GUID, '],
    ['"clientId"', '"clientID"', "line 4, column 13", "clientId is missing"],
    ['"Mail.Read"]', "7]", "line 7, column 31", "a scope must be a string"],
    ['["User.Read", "Mail.Read"]', '"User.Read"', "line 7, column 17", "scopes must be an array of strings"],
    ['["User.Read", "Mail.Read"]', "null", "line 7, column 17", "scopes must be an array of strings"],
    [
      '"scopes"',
      '"flow": "password", "scopes"',
      "line 7, column 15",
      'Invalid flow "password": expected one of ',
    ],
    ['"work"', '"../work"', "line 4, column 16", 'Invalid profile name "../work": expected '],
    ['"work"', '"__proto__"', "line 4, column 18", 'Invalid profile name "__proto__": expected '],
    [
      '"scopes"',
      '"authority": "http://x", "scopes"',
      "line 7, column 20",
      'Invalid authority "http://x": expected an https URL ',
    ],
    ['"work": {', '"other": 7, "work": {', "line 4, column 14", "a profile must be an object"],
  ];
  for (const [from, to, place, message] of table) {
    await assertProfileFileError(GOOD.replace(from, to), place, message);
  }
});

Deno.test("profileIn() ignores a mistake in another profile", async () => {
  assertEquals((await find(GOOD.replace('"work": {', '"other": 7, "work": {')))?.name, "work");
});

Deno.test("profileIn() does not find inherited members", async () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    assertEquals(await find(GOOD, name), null);
  }
});

Deno.test("rejectDuplicates() reports the second occurrence of a key", async () => {
  const twice = GOOD.replace('"work": {', '"work": {},\n    "work": {');
  await assertProfileFileError(twice, "line 5, column 5", 'Duplicate key "work"');
  await assertProfileFileError(
    GOOD.replace('"scopes"', '"tenantId": "x.y", "scopes"'),
    "line 7, column 7",
    'Duplicate key "tenantId"',
  );
  await rejectDuplicates(await parse(GOOD));
});

Deno.test("parseProfileFile() rejects text that is not UTF-8", async () => {
  await assertRejects(
    () => parseProfileFile(PATH, new Uint8Array([0xff, 0xfe])),
    CliError,
    "is not UTF-8 text",
  );
});

Deno.test("formatProfileFile() keeps unknown members", async () => {
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

Deno.test("parseProfileFile() refuses deeply nested JSON, and deeply nested text that is not JSON", async () => {
  const deep = "[".repeat(100_000);
  const whole = GOOD.replace('"version": 1', `"version": 1, "notes": ${deep}${deep.replaceAll("[", "]")}`);
  await assertProfileFileError(whole, "line 1, column 1", "the values are nested too deeply");
  await assertProfileFileError(deep, "line 1, column 1", "this is not JSON");
});
