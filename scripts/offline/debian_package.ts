/**
 * Takes Debian packages without an installation: apt downloads and verifies them with lists of its own, and dpkg unpacks
 * them into a folder.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { DEV_FOLDER } from "./npm_package.ts";

/** Packages, and how they differ from this machine's. */
export interface DebianPackages {
  /** The names, each with the patterns of the paths to unpack; everything without a pattern. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** The Debian to take them from, such as `trixie`. Default: this machine's. */
  readonly suite?: string;
  /** Default: this machine's. */
  readonly architecture?: string;
}

/** Runs a program and returns its stdout. Throws an `Error` with its output if it fails. */
async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  throw new Error(`${program} ${args.join(" ")} failed:\n${text}${new TextDecoder().decode(stderr)}`);
}

/** Runs apt-get. Waits for that of another task, which dev.sh runs under the same lock. */
export async function aptGet(args: readonly string[]): Promise<void> {
  const lock = fromFileUrl(new URL("apt.lock", DEV_FOLDER));
  await Deno.mkdir(DEV_FOLDER, { recursive: true });
  await run("flock", [lock, "apt-get", ...args], { DEBIAN_FRONTEND: "noninteractive" });
}

/**
 * Returns the mirror from which apt installs Debian packages.
 *
 * @throws {Error} If apt has none.
 */
export async function debianMirror(): Promise<string> {
  const known = await findMirror();
  if (known !== null) return known;
  // Without lists of packages apt names no mirror.
  await aptGet(["update"]);
  const mirror = await findMirror();
  if (mirror === null) throw new Error("apt has no Debian mirror");
  return mirror;
}

async function findMirror(): Promise<string | null> {
  const query = ["indextargets", "--format", "$(ORIGIN)|$(SUITE)|$(SITE)", "Created-By: Packages"];
  const targets = (await run("apt-get", query)).split("\n").map((line) => line.split("|"));
  const isMain = ([origin, suite = ""]: string[]) =>
    origin === "Debian" && !/security|updates|backports/.test(suite);
  return targets.find(isMain)?.[2] ?? null;
}

/**
 * Downloads packages and unpacks them into `root/` in the folder `draft`, without their documentation and translations.
 *
 * @throws {Error} If apt or dpkg fails, or if apt has no Debian mirror to take the packages of a suite from.
 */
export async function unpackFromDebian(
  { packages, suite, architecture }: DebianPackages,
  draft: URL,
): Promise<void> {
  const folder = fromFileUrl(draft);
  const taken = ["state", "cache", "packages"];
  for (const name of ["state/lists/partial", "cache/archives/partial", "packages", "root"]) {
    await Deno.mkdir(new URL(name, draft), { recursive: true });
  }
  const lines = [
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    `Dir::State "${folder}state";`,
    'Dir::State::status "/dev/null";',
    `Dir::Cache "${folder}cache";`,
  ];
  if (architecture !== undefined) {
    lines.push(`APT::Architecture "${architecture}";`, `APT::Architectures { "${architecture}"; };`);
  }
  if (suite !== undefined) {
    const mirror = await debianMirror();
    const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    await Deno.writeTextFile(
      new URL("sources.list", draft),
      `deb [signed-by=${keys}] ${mirror} ${suite} main\n`,
    );
    lines.push(`Dir::Etc::sourcelist "${folder}sources.list";`, 'Dir::Etc::sourceparts "-";');
  }
  await Deno.writeTextFile(new URL("apt.conf", draft), `${lines.join("\n")}\n`);
  const apt = async (...args: string[]) => {
    const script = 'cd "$1/packages" && shift && exec apt-get --quiet "$@"';
    await run("sh", ["-c", script, "sh", folder, ...args], { APT_CONFIG: `${folder}apt.conf` });
  };
  await apt("update");
  await apt("download", ...Object.keys(packages));
  for await (const { name: file } of Deno.readDir(new URL("packages", draft))) {
    const patterns = packages[file.replace(/_.*/, "")] ?? [];
    const args = ["--extract", "--exclude=./usr/share", "--exclude=*/gconv/*", "--wildcards", ...patterns];
    const unpack = 'dpkg-deb --fsys-tarfile "$1" | (cd "$2" && shift 2 && tar "$@")';
    await run("sh", ["-c", unpack, "sh", `${folder}packages/${file}`, `${folder}root`, ...args]);
  }
  for (const name of taken) await Deno.remove(new URL(name, draft), { recursive: true });
}
