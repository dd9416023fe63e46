import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { assertOneToken } from "../../../src/profiles/settings.ts";

const PUBLIC = "https://login.microsoftonline.com";

function refusal(...scopes: string[]): [string, string] {
  const error = assertThrows(() => assertOneToken(scopes, PUBLIC, "my app"), CliError);
  assertEquals(error.code, "usage");
  return [error.message, error.hint ?? ""];
}

Deno.test("assertOneToken() takes scopes of one resource however they are written, and OpenID's own beside them", () => {
  assertOneToken(
    ["User.Read", "https://graph.microsoft.com/Mail.Read", "openid", "offline_access"],
    PUBLIC,
    "x",
  );
  assertOneToken(["https://graph.microsoft.com/.default", "openid"], PUBLIC, "x");
  assertOneToken(["openid"], PUBLIC, "x");
  assertOneToken([], PUBLIC, "x");
});

Deno.test("assertOneToken() refuses two resources, with a command for each", () => {
  assertEquals(refusal("User.Read", "api://app/Read", "openid", "Mail.Read"), [
    "One token can't be for 2 resources: https://graph.microsoft.com, api://app",
    "Get a token for each:\n" +
    'entra-auth-cli get-token --profile "my app" --scope "User.Read Mail.Read"\n' +
    'entra-auth-cli get-token --profile "my app" --scope api://app/Read',
  ]);
});

Deno.test("assertOneToken() refuses .default beside another scope of its resource, with a command for each", () => {
  assertEquals(refusal("https://graph.microsoft.com/.default", "User.Read"), [
    "https://graph.microsoft.com/.default can't be asked for together with User.Read",
    "Choose one of the two:\n" +
    'entra-auth-cli get-token --profile "my app" --scope User.Read\n' +
    'entra-auth-cli get-token --profile "my app" --scope https://graph.microsoft.com/.default',
  ]);
});
