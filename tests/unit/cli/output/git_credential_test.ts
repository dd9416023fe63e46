import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import {
  checkGitHost,
  formatGitCredential,
  mayReceiveToken,
  parseGitCredential,
} from "../../../../src/cli/output/git_credential.ts";
import { NOW, tokenResult } from "../../../support/fixtures/command_fixture.ts";

const ASKED = parseGitCredential("protocol=https\nhost=dev.azure.com\n");
const END = `password_expiry_utc=${NOW + 3600}\n`;

Deno.test("parseGitCredential() reads attributes up to the first empty line, with LF or CRLF", () => {
  const expected = {
    protocol: "https",
    host: "dev.azure.com",
    username: "contoso",
    secret: "a=b==",
    supportsAuthtype: true,
  };
  const text = "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=Dev.Azure.com\n" +
    "path=contoso/_git/x\nusername=contoso\npassword=a=b==\nwwwauth[]=Bearer x\nnonsense\n\nhost=evil.example\n";
  assertEquals(parseGitCredential(text), expected);
  assertEquals(parseGitCredential(text.replaceAll("\n", "\r\n")), expected);
  assertEquals(parseGitCredential(text.replace("password", "credential")), expected);
});

Deno.test("parseGitCredential() treats empty attributes as missing", () => {
  const nothing = { protocol: "", host: "", username: undefined, secret: undefined, supportsAuthtype: false };
  for (const text of ["", "\n", "\nhost=dev.azure.com\n", "username=\npassword=\n"]) {
    assertEquals(parseGitCredential(text), nothing, JSON.stringify(text));
  }
});

Deno.test("checkGitHost() refuses what cannot be a host, which would never match", () => {
  for (const host of ["git.contoso.example", "localhost:8443", "[::1]:8443"]) checkGitHost(host);
  const no = [
    "",
    " x",
    "https://git.contoso.example/",
    "git.contoso.example/",
    "ada@x",
    "x?y",
    "x#y",
    "a\\b",
  ];
  for (const host of no) {
    const error = assertThrows(() => checkGitHost(host), CliError, `Invalid --host ${JSON.stringify(host)}`);
    assertEquals(error.code, "usage");
  }
});

Deno.test("mayReceiveToken() treats port 443 as no port", () => {
  for (const host of ["x.example", "x.example:443"]) {
    assertEquals(mayReceiveToken({ ...ASKED, host }, ["X.example"]), true, host);
    assertEquals(mayReceiveToken({ ...ASKED, host }, ["x.example:443"]), true, host);
    assertEquals(mayReceiveToken({ ...ASKED, host }, ["x.example:4430"]), false, host);
  }
});

Deno.test("mayReceiveToken() accepts Azure Repos and the given hosts, only over https", () => {
  const hosts = ["git.contoso.example", "localhost:8443"];
  const yes = ["dev.azure.com", "dev.azure.com:443", "contoso.visualstudio.com", ...hosts];
  const no = [
    "",
    "github.com",
    "dev.azure.com.evil.example",
    "evil-dev.azure.com",
    "x.dev.azure.com",
    "dev.azure.com:8080",
    "visualstudio.com",
    "a.b.visualstudio.com",
    "evilvisualstudio.com",
    "contoso.visualstudio.com.evil.example",
    "contoso.visualstudio.com\u0000",
    "2130706433#.visualstudio.com",
    "localhost:8080#.visualstudio.com",
    "localhost?.visualstudio.com",
    "[::1]#.visualstudio.com",
    "ada@x.visualstudio.com",
    "ada:x@dev.azure.com",
    "dev.azure.com@localhost",
    "dev.azure.com:443@localhost",
    "localhost",
    "dev-azure.com",
  ];
  for (const host of yes) assertEquals(mayReceiveToken({ ...ASKED, host }, hosts), true, host);
  for (const host of no) assertEquals(mayReceiveToken({ ...ASKED, host }, hosts), false, host);
  assertEquals(mayReceiveToken({ ...ASKED, protocol: "http" }, hosts), false);
});

Deno.test("formatGitCredential() gives an older git the token as a password, with the user name of the URL", () => {
  const { token } = tokenResult();
  assertEquals(formatGitCredential(token, ASKED), `username=ada@contoso.example\npassword=the-token\n${END}`);
  const named = { ...ASKED, username: "contoso" };
  assertEquals(formatGitCredential(token, named), `username=contoso\npassword=the-token\n${END}`);
  const ofApplication = { ...token, account: null };
  assertEquals(formatGitCredential(ofApplication, ASKED), `username=token\npassword=the-token\n${END}`);
});

Deno.test("formatGitCredential() gives a git with authtype the scheme and the token", () => {
  assertEquals(
    formatGitCredential(tokenResult().token, { ...ASKED, supportsAuthtype: true }),
    `capability[]=authtype\nauthtype=Bearer\ncredential=the-token\nephemeral=1\n${END}`,
  );
});
