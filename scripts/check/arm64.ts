/**
 * Runs tests of the executable for Linux on ARM under qemu's user mode, on Debian as root. `.dev/arm64/` holds the two
 * libraries that the executable loads, from apt's mirror. Arguments replace the files to run.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { executablesOnce } from "../build/built_once.ts";
import { unpackFromDebian } from "../offline/debian_package.ts";
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

/** Waits for the apt-get of another task, which dev.sh runs under the same lock. */
async function aptGet(args: readonly string[]): Promise<void> {
  const lock = fromFileUrl(new URL("apt.lock", DEV_FOLDER));
  await run("flock", [lock, "apt-get", ...args], { DEBIAN_FRONTEND: "noninteractive" });
}

/** Unpacks the libraries for ARM into `draft`. */
async function unpackLibraries(draft: URL): Promise<void> {
  say("downloading libc6 and libgcc-s1 for arm64 with apt-get");
  await unpackFromDebian({ packages: { "libc6": [], "libgcc-s1": [] }, architecture: "arm64" }, draft);
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
await makeFolderOnce(new URL("libraries/", ARM64), "1", unpackLibraries);
const starter = await writeStarter((await executablesOnce())["aarch64-unknown-linux-gnu"]);
const command = new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    ...(Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean),
    "--allow-all",
    fromFileUrl(import.meta.resolve("./test.ts")),
    "--no-check",
    ...(Deno.args.length === 0 ? TESTS : Deno.args),
  ],
  env: { ENTRA_AUTH_CLI_EXECUTABLE: starter, ENTRA_AUTH_CLI_ARCHITECTURE: "arm64" },
});
Deno.exit((await command.spawn().status).code);
