import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { Secret } from "../../../src/text/secret.ts";
import { formatProfileSecrets, parseProfileSecrets } from "../../../src/store/profile_secrets.ts";

Deno.test("parseProfileSecrets() parses what formatProfileSecrets() returns", () => {
  const both = {
    clientId: "client",
    authority: "https://login.example.org",
    clientSecret: new Secret("the secret"),
    certificatePassword: new Secret("the password"),
  };
  for (const secrets of [{ clientId: "client", authority: null }, both]) {
    const read = parseProfileSecrets(formatProfileSecrets(secrets));
    assertEquals([read.clientId, read.authority], [secrets.clientId, secrets.authority]);
    assertEquals(read.clientSecret?.reveal(), "clientSecret" in secrets ? "the secret" : undefined);
    assertEquals(read.certificatePassword?.reveal(), "clientSecret" in secrets ? "the password" : undefined);
  }
});

const DAMAGED = [
  "",
  "null",
  "[]",
  "{}",
  '{"clientId":1}',
  '{"clientId":"c","authority":1}',
  '{"clientId":"c","clientSecret":{}}',
];

for (const text of DAMAGED) {
  Deno.test(`parseProfileSecrets() rejects ${text === "" ? "nothing" : text}, and does not quote it`, () => {
    const error = assertThrows(() => parseProfileSecrets(new TextEncoder().encode(text)), CliError);
    assertEquals(error.code, "unreadable_store");
    assertEquals(text.length > 4 && error.message.includes(text), false);
  });
}
