/**
 * Runs tests of the executable for Linux on ARM under qemu's user mode, on Debian as root. `.dev/arm64/` holds the two
 * libraries that the executable loads, and the programs that install.sh uses, from apt's mirror. Arguments replace the
 * files to run.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { executablesOnce } from "../build/built_once.ts";
import { aptGet, unpackFromDebian } from "../offline/debian_package.ts";
import { DEV_FOLDER, makeFolderOnce, say } from "../offline/npm_package.ts";

const ARM64 = new URL("arm64/", DEV_FOLDER);

const TESTS = ["tests/process/packaging/arm64_executable_test.ts"];

/** By default qemu emulates pointer authentication, which makes a start five times slower. */
const QEMU = ["qemu-aarch64-static", "-cpu", "cortex-a57"];

async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const command = new Deno.Command(program, { args: [...args], env, cwd: ARM64, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  throw new Error(`${program} ${args.join(" ")} failed:\n${output}`);
}

async function installQemu(): Promise<void> {
  if (await run("qemu-aarch64-static", ["--version"]).then(() => true, () => false)) return;
  say("installing qemu-user-static with apt-get");
  const install = ["install", "-y", "--no-install-recommends", "qemu-user-static"];
  await aptGet(install).catch(async () => {
    await aptGet(["update"]);
    await aptGet(install);
  });
}

/** The libraries of the executable; the programs that install.sh uses, with theirs. */
const PACKAGES = {
  "libc6": [],
  "libgcc-s1": [],
  "coreutils": [],
  "dash": [],
  "sed": [],
  "libacl1": [],
  "libattr1": [],
  "libgmp10": [],
  "libpcre2-8-0": [],
  "libselinux1": [],
};

async function unpackPackages(draft: URL): Promise<void> {
  say(`downloading ${Object.keys(PACKAGES).join(", ")} for arm64 with apt-get`);
  await unpackFromDebian({ packages: PACKAGES, architecture: "arm64" }, draft);
}

/** The beginning of a program for ARM (ELF, 64 bits, little endian, machine 0xb7) and which of its bits matter. */
const MAGIC = String.raw`\x7fELF\x02\x01\x01` + String.raw`\x00`.repeat(9) + String.raw`\x02\x00\xb7\x00`;
const MASK = String.raw`\xff`.repeat(7) + String.raw`\x00` + String.raw`\xff`.repeat(8) +
  String.raw`\xfe\xff\xff\xff`;

/**
 * Writes the program that runs a command in a Debian for ARM: `run_in_debian RELEASE COMMAND [ARGUMENT...]`, with the folder
 * RELEASE as `/release` and this repository's scripts as `/scripts`. The system starts each program for ARM under qemu there,
 * and nothing of it is left. Returns null if this Linux cannot do that for a namespace alone (before 6.7).
 */
async function writeDebian(): Promise<string | null> {
  const program = fromFileUrl(new URL("run_in_debian", ARM64));
  const root = fromFileUrl(new URL("libraries/root", ARM64));
  const scripts = fromFileUrl(import.meta.resolve("../"));
  const script = `#!/bin/sh
if [ -z "\${INSIDE:-}" ]; then
  INSIDE=1 exec unshare --user --map-root-user --mount --pid --fork --kill-child "$0" "$@"
fi
set -eu
release=$1
shift
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
printf %s ':qemu-aarch64:M::${MAGIC}:${MASK}:'"$(command -v ${
    QEMU[0]
  })"':F' >/proc/sys/fs/binfmt_misc/register
mount -t tmpfs tmpfs /mnt
mkdir /mnt/root
cp -R '${root}/.' /mnt/root
cd /mnt/root
mkdir -p proc dev tmp home release scripts
mount --rbind /proc proc
mount --rbind /dev dev
mount --bind "$release" release
mount --bind '${scripts}' scripts
exec chroot . /usr/bin/env -i PATH=/bin:/usr/bin HOME=/home QEMU_CPU=${QEMU[2]} "$@"
`;
  await Deno.writeTextFile(program, script);
  await Deno.chmod(program, 0o755);
  return await run(program, [fromFileUrl(ARM64), "true"]).then(() => program, () => null);
}

/** Writes the program that runs the executable under qemu. Returns its path. */
async function writeStarter(executable: string): Promise<string> {
  const starter = new URL("entra-auth-cli", ARM64);
  const root = fromFileUrl(new URL("libraries/root", ARM64));
  const script = `#!/bin/sh\nexec ${QEMU.join(" ")} -L '${root}' '${executable}' "$@"\n`;
  await Deno.writeTextFile(starter, script);
  await Deno.chmod(starter, 0o755);
  return fromFileUrl(starter);
}

if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
  throw new Error("Cannot run the tests for ARM: expected Linux and root");
}
await Deno.mkdir(ARM64, { recursive: true });
await installQemu();
await makeFolderOnce(new URL("libraries/", ARM64), "2", unpackPackages);
const starter = await writeStarter((await executablesOnce())["aarch64-unknown-linux-gnu"]);
const debian = await writeDebian();
if (debian === null) {
  say("Linux cannot start programs for ARM in a namespace here: the test of install.sh is ignored");
}
const command = new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    ...(Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean),
    "--allow-all",
    fromFileUrl(import.meta.resolve("./test.ts")),
    "--no-check",
    ...(Deno.args.length === 0 ? TESTS : Deno.args),
  ],
  env: {
    ENTRA_AUTH_CLI_EXECUTABLE: starter,
    ENTRA_AUTH_CLI_ARCHITECTURE: "arm64",
    ...(debian === null ? {} : { ENTRA_AUTH_CLI_DEBIAN: debian }),
  },
});
Deno.exit((await command.spawn().status).code);
