import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { canMountFuse, ERRNO, FaultDisk } from "../../support/machine/fault_disk/fault_disk.ts";
import { openMachine } from "../../support/machine/machine.ts";
import { ADA } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox } from "../../support/program/sandbox.ts";
import { signInWithShell } from "../../support/program/shell.ts";

const ignore = !await canMountFuse();
const NOT_SAVED = /^warning: could not save the token: (.+)$/m;

/** A disk without modes, like FAT: one kind refuses to set them, the other pretends to. */
async function mountModeless(fixedMode: number, refuses: boolean): Promise<FaultDisk> {
  const disk = await FaultDisk.mount({ fixedMode });
  if (refuses) {
    disk.intercept = ({ kind, mode }) =>
      kind === "change mode" && mode !== fixedMode ? ERRNO.EPERM : undefined;
  }
  return disk;
}

for (const refuses of [true, false]) {
  Deno.test({
    name: `On a disk accessible to others that ${
      refuses ? "refuses" : "pretends"
    } to set modes, nothing is saved, and a token is printed`,
    ignore,
    async fn() {
      await using disk = await mountModeless(0o755, refuses);
      await using sandbox = await openSandbox();
      assertEquals((await sandbox.signIn(["get-token"])).code, 0);
      const { provider } = sandbox;
      const env = { ENTRA_AUTH_CLI_HOME: join(disk.path, "home") };
      const why = /cannot hide it from other users|ignores changes to the mode|does not let you change/;
      const refused = await sandbox.run(createProfileArgs("default", provider), { env });
      assertEquals([refused.code, refused.stdout], [7, ""]);
      assertMatch(refused.stderr, why);

      const args = ["get-token", "--tenant-id", provider.tenantId, "--client-id", provider.clientId];
      const program = sandbox.start([...args, "--authority", provider.origin], { env });
      await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
      const result = await program.ended;
      assertEquals(result.code, 0, result.stderr);
      assertMatch(result.stdout, /^[\w.-]{20,}\n$/);
      assertMatch(NOT_SAVED.exec(result.stderr)?.[1] ?? result.stderr, why);

      const toFile = await sandbox.run(["get-token", "--file", join(disk.path, "token")]);
      assertEquals([toFile.code, toFile.stdout], [7, ""]);
      assertStringIncludes(toFile.stderr, "cannot hide it from other users");
      assertEquals([...disk.content().keys()].filter((path) => path !== "home"), []);
      assertEquals(disk.faults, []);
    },
  });
}

Deno.test({
  name: "A disk that restricts every file to the user needs no modes",
  ignore,
  async fn() {
    for (const refuses of [true, false]) {
      await using disk = await mountModeless(0o700, refuses);
      await using machine = await openMachine(join(disk.path, "home"));
      const signedIn = await machine.signIn("get-token");
      assertEquals(signedIn.code, 0, signedIn.stderr);
      assertStringIncludes(signedIn.stderr, "Token saved to profile 'default'");
      assertEquals(await machine.output("get-token"), signedIn.stdout);
    }
  },
});

for (const umask of ["000", "777"]) {
  Deno.test({
    name: `Under umask ${umask} nothing is ever accessible to other users, not even briefly`,
    ignore,
    async fn() {
      await using disk = await FaultDisk.mount();
      await using sandbox = await openSandbox();
      const { origin, tenantId, clientId } = sandbox.provider;
      const modes: string[] = [];
      disk.intercept = ({ kind, path, mode }) => {
        const allowed = kind === "make folder" || path === "home" || path === "home/locks" ? 0o700 : 0o600;
        if (mode === undefined) return undefined;
        modes.push(`${kind} ${path} ${mode.toString(8)}`);
        return (mode & ~allowed) === 0 ? undefined : ERRNO.EPERM;
      };
      const script = [
        `umask ${umask}; export ENTRA_AUTH_CLI_HOME='${join(disk.path, "home")}'`,
        `entra-auth-cli create-profile --name default --tenant-id ${tenantId} --client-id ${clientId} ` +
        `--authority ${origin}`,
        "entra-auth-cli get-token",
        "entra-auth-cli refresh",
        `exec entra-auth-cli get-token --file '${join(disk.path, "token")}'`,
      ].join(" && ");
      const { code, stderr } = await signInWithShell(sandbox, script, ADA);
      assertEquals(code, 0, `${stderr}\n${modes.join("\n")}`);
      for (const made of ["home", "home/tokens.enc", "home/key", "home/profiles.json", "token"]) {
        assert(disk.content().has(made), made);
      }
      assert(modes.length >= 10, modes.join("\n"));
    },
  });
}
