import { assertEquals } from "@std/assert";
import { redact } from "../../../../src/flows/doctor/finding.ts";

const NOTHING = { home: undefined, ownFolder: undefined };

Deno.test("redact() shows the home folder as ~ and the user's name elsewhere as USER", () => {
  const names = { home: "/home/ada", ownFolder: undefined };
  assertEquals(
    redact("/home/ada/.entra-auth-cli/key, /mnt/ada/x, /opt/adapter", names),
    "~/.entra-auth-cli/key, /mnt/USER/x, /opt/adapter",
  );
  assertEquals(redact("C:\\Users\\ada\\key", { home: "C:\\Users\\ada", ownFolder: undefined }), "~\\key");
});

Deno.test("redact() shows a folder that a variable chose by the variable's name", () => {
  assertEquals(
    redact("/srv/tokens/key", { home: "/root", ownFolder: "/srv/tokens" }),
    "$ENTRA_AUTH_CLI_HOME/key",
  );
});

Deno.test("redact() takes user and password out of URLs, and e-mail addresses", () => {
  assertEquals(
    redact("through http://ada:s3cret@proxy.example:3128 as ada@contoso.example", NOTHING),
    "through http://proxy.example:3128 as USER@DOMAIN",
  );
});

Deno.test("redact() leaves everything else, and copes with a home of /", () => {
  assertEquals(redact("a b/c", NOTHING), "a b/c");
  assertEquals(redact("/usr/bin/x", { home: "/", ownFolder: "/" }), "/usr/bin/x");
});
