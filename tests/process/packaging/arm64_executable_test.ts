/** Tests the executable for Linux on ARM under qemu (scripts/check/arm64.ts). A start takes seconds there. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { openSandbox } from "../../support/program/sandbox.ts";

Deno.test({
  name:
    "the executable for Linux on ARM signs in, uses its cache, refreshes, and writes a token file of mode 0600",
  ignore: Deno.env.get("ENTRA_AUTH_CLI_ARCHITECTURE") !== "arm64",
  async fn() {
    await using sandbox = await openSandbox();
    const signedIn = await sandbox.signIn(["get-token"]);
    assertEquals([signedIn.code, signedIn.page.status], [0, 200], signedIn.stderr);
    const cached = await sandbox.run(["get-token", "--no-interactive"]);
    assertEquals([cached.code, cached.stdout], [0, signedIn.stdout], cached.stderr);

    const refreshed = await sandbox.run(["refresh"]);
    assertEquals(refreshed.code, 0, refreshed.stderr);
    assertStringIncludes(refreshed.stderr, "✓ Token refreshed");

    const file = join(sandbox.folder, "token");
    const written = await sandbox.run(["get-token", "--file", file]);
    assertEquals([written.code, written.stdout], [0, ""], written.stderr);
    assertEquals((await Deno.readTextFile(file)).split(".").length, 3);
    const modes = [file, join(sandbox.home, "tokens.enc"), sandbox.home].map(async (path) =>
      ((await Deno.stat(path)).mode ?? 0) & 0o777
    );
    assertEquals(await Promise.all(modes), [0o600, 0o600, 0o700]);
    const grants = sandbox.provider.requestsTo("token").map(({ form }) => form.grant_type);
    assertEquals(grants, ["authorization_code", "refresh_token"]);
  },
});
