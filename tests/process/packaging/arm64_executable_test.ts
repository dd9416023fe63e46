/** Tests the executable for Linux on ARM under qemu (scripts/check/arm64.ts). A start takes seconds there. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { executablesOnce } from "../../../scripts/build/built_once.ts";
import { CHECKSUM_FILE, formatChecksums } from "../../../scripts/build/release/checksums.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const isArm64 = Deno.env.get("ENTRA_AUTH_CLI_ARCHITECTURE") === "arm64";
/** A program that runs a command in a Debian for ARM. */
const debian = Deno.env.get("ENTRA_AUTH_CLI_DEBIAN");

Deno.test({
  name:
    "the executable for Linux on ARM signs in, uses its cache, refreshes, and writes a token file of mode 0600",
  ignore: !isArm64,
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

Deno.test({
  name: "install.sh in a Debian for ARM installs the executable for ARM, which runs there, and removes it",
  ignore: !isArm64 || debian === undefined,
  async fn() {
    const release = await Deno.makeTempDir({ prefix: "entra-auth-cli-release-" });
    try {
      const name = "entra-auth-cli-aarch64-unknown-linux-gnu";
      await Deno.copyFile((await executablesOnce())["aarch64-unknown-linux-gnu"], join(release, name));
      await Deno.writeTextFile(join(release, CHECKSUM_FILE), await formatChecksums(release, [name]));
      const script = `set -eu
export ENTRA_AUTH_CLI_RELEASE=/release
uname -m
sh /scripts/install.sh
ls -A "$HOME/.local/bin"
sh /scripts/install.sh --uninstall
ls -A "$HOME/.local/bin"
`;
      const command = new Deno.Command(debian ?? "", { args: [release, "sh", "-c", script], stdin: "null" });
      const { code, stdout, stderr } = await command.output();
      const said = new TextDecoder().decode(stderr);
      assertEquals([code, new TextDecoder().decode(stdout)], [0, "aarch64\nentra-auth-cli\n"], said);
      assertMatch(said, /^install: entra-auth-cli \d\S* .*is in \/home\/\.local\/bin$/m);
      assertStringIncludes(said, "install: removed /home/.local/bin/entra-auth-cli");
    } finally {
      await Deno.remove(release, { recursive: true });
    }
  },
});
