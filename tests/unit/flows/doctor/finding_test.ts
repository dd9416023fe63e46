import { assertEquals } from "@std/assert";
import { redact } from "../../../../src/flows/doctor/finding.ts";

const NOTHING = { home: undefined, ownFolder: undefined, os: "linux" } as const;

Deno.test("redact() shows the home folder as ~ and the user's name elsewhere as USER", () => {
  const names = { ...NOTHING, home: "/home/ada" };
  assertEquals(
    redact("/home/ada/.entra-auth-cli/key, /mnt/ada/x, /opt/adapter", names),
    "~/.entra-auth-cli/key, /mnt/USER/x, /opt/adapter",
  );
});

Deno.test("redact() replaces the program's folder by the variable that names it", () => {
  assertEquals(
    redact("/srv/tokens/key", { ...NOTHING, home: "/root", ownFolder: "/srv/tokens" }),
    "$ENTRA_AUTH_CLI_HOME/key",
  );
});

Deno.test("redact() removes user and password from URLs, and e-mail addresses", () => {
  assertEquals(
    redact("through http://ada:s3cret@proxy.example:3128 as ada@contoso.example", NOTHING),
    "through http://proxy.example:3128 as USER@DOMAIN",
  );
});

Deno.test("redact() leaves everything else, also with / as the home folder", () => {
  assertEquals(redact("a b/c", NOTHING), "a b/c");
  assertEquals(redact("/usr/bin/x", { ...NOTHING, home: "/", ownFolder: "/" }), "/usr/bin/x");
});

Deno.test("redact() writes the folders as Windows does on Windows", () => {
  const names = { home: "C:\\Users\\ada", ownFolder: "D:\\$& tokens", os: "windows" } as const;
  assertEquals(redact("C:\\Users\\ada\\key", names), "%USERPROFILE%\\key");
  assertEquals(redact("D:\\$& tokens\\key", names), "%ENTRA_AUTH_CLI_HOME%\\key");
  assertEquals(redact("E:\\ada\\key", names), "E:\\USER\\key");
});
