/** Tests the Debian package of the executable in a whole Debian (scripts/windows/wine.ts). */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { executablesOnce } from "../../../scripts/build/built_once.ts";
import { debianPackage } from "../../../scripts/build/release/packages.ts";

/** A program that runs a command as root in a Debian, whose changes are discarded. The repository is `/repository` there. */
const debian = Deno.env.get("ENTRA_AUTH_CLI_DEBIAN");

const TOP = fromFileUrl(import.meta.resolve("../../../"));

const TARGET = "x86_64-unknown-linux-gnu";

Deno.test({
  name: "apt installs the package in a Debian, its program runs, and a purge leaves what belongs to the user",
  ignore: debian === undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const executable = await Deno.readFile((await executablesOnce())[TARGET]);
      const facts = {
        version: "1.2.3",
        license: "MIT License\n",
        completions: { bash: "# bash\n", zsh: "# zsh\n", fish: "# fish\n" },
        manual: new Map([["entra-auth-cli.1", ".TH entra-auth-cli 1\n"]]),
      };
      const [name, data] = await debianPackage(TARGET, executable, facts, "-0");
      await Deno.writeFile(join(folder, name), data);
      const script = `set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
mkdir -p /var/lib/apt/lists/partial /var/cache/apt/archives/partial
apt-get install --yes --quiet "$1" >/log 2>&1 || { cat /log; exit 1; }
dpkg-query --show --showformat '\${Package} \${Version} \${Status}\\n' entra-auth-cli
entra-auth-cli --version | cut -d ' ' -f 1
entra-auth-cli create-profile --name work --tenant-id contoso.example --client-id 00000000-0000-4000-8000-00000000000a 2>&1
entra-auth-cli list-profiles --output json | grep -c '"work"'
dpkg --verify entra-auth-cli
apt-get purge --yes --quiet entra-auth-cli >/log 2>&1 || { cat /log; exit 1; }
dpkg --audit
find / -xdev -path /proc -prune -o -name '*entra-auth-cli*' -print
`;
      const command = new Deno.Command(debian ?? "", {
        args: ["sh", "-c", script, "sh", join(folder, name).replace(TOP, "/repository/")],
        stdin: "null",
      });
      const { code, stdout, stderr } = await command.output();
      const expected = [
        "entra-auth-cli 1.2.3 install ok installed",
        "entra-auth-cli",
        "✓ Profile 'work' created",
        "Sign in with: entra-auth-cli get-token --profile work",
        "1",
        "/root/.entra-auth-cli",
        "",
      ];
      assertEquals(
        [code, new TextDecoder().decode(stdout).split("\n")],
        [0, expected],
        new TextDecoder().decode(stderr),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
