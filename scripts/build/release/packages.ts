/** Makes what package managers install from the executables of a release. */

import { join } from "@std/path/join";
import { osOf, type Target } from "../compile/targets.ts";
import type { ManPages } from "./man_pages.ts";
import { ar, compress, type Entry, tar, textEntry, xz, zip } from "./archives.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What all packages of a release have in common. */
export interface PackageFacts {
  readonly version: string;
  readonly license: string;
  /** The completion script of each shell. */
  readonly completions: Readonly<Record<"bash" | "zsh" | "fish", string>>;
  /** The manual pages, for Linux and macOS. */
  readonly manual: ManPages;
}

const SUMMARY = "Sign in to Microsoft Entra ID and get access tokens";
const NAME = "entra-auth-cli";

/** Returns the archive of the executable for `target` and its name: `.zip` for Windows, `.tar.gz` for the others. */
export async function archive(
  target: Target,
  executable: Bytes,
  { license, manual }: PackageFacts,
): Promise<[name: string, data: Bytes]> {
  const isWindows = osOf(target) === "windows";
  const entries: Entry[] = [
    { path: isWindows ? `${NAME}.exe` : NAME, data: executable, isExecutable: true },
    textEntry("LICENSE", license),
    ...(isWindows ? [] : manualEntries("man", manual)),
  ];
  return isWindows
    ? [`${NAME}-${target}.zip`, await zip(entries)]
    : [`${NAME}-${target}.tar.gz`, await compress(tar(entries), "gzip")];
}

function manualEntries(folder: string, manual: ManPages): Entry[] {
  return [...manual].map(([name, text]) => textEntry(`${folder}/${name}`, text));
}

/** The names of processors in packages. */
const PROCESSORS = {
  "x86_64": { debian: "amd64", npm: "x64" },
  "aarch64": { debian: "arm64", npm: "arm64" },
} as const;

function processorOf(target: Target): typeof PROCESSORS[keyof typeof PROCESSORS] {
  return PROCESSORS[target.startsWith("aarch64") ? "aarch64" : "x86_64"];
}

/**
 * Returns the Debian package of the executable for `target`, and its name.
 *
 * @param level The level of `xz`, such as `-6`.
 */
export async function debianPackage(
  target: Target,
  executable: Bytes,
  { version, license, completions, manual }: PackageFacts,
  level = "-6",
): Promise<[name: string, data: Bytes]> {
  const { debian } = processorOf(target);
  const pages = await Promise.all(
    manualEntries("./usr/share/man/man1", manual).map(async ({ path, data }) => ({
      path: `${path}.gz`,
      data: await compress(data, "gzip"),
    })),
  );
  const files: Entry[] = [
    { path: `./usr/bin/${NAME}`, data: executable, isExecutable: true },
    textEntry(`./usr/share/bash-completion/completions/${NAME}`, completions.bash),
    textEntry(`./usr/share/doc/${NAME}/copyright`, license),
    textEntry(`./usr/share/fish/vendor_completions.d/${NAME}.fish`, completions.fish),
    ...pages,
    textEntry(`./usr/share/zsh/vendor-completions/_${NAME}`, completions.zsh),
  ];
  const size = Math.ceil(files.reduce((total, { data }) => total + data.length, 0) / 1024);
  const control = `Package: ${NAME}
Version: ${version}
Architecture: ${debian}
Maintainer: The authors of ${NAME} <noreply@invalid>
Installed-Size: ${size}
Depends: libc6 (>= 2.27), libgcc-s1 | libgcc1
Section: utils
Priority: optional
Description: ${SUMMARY}
 A command line sign-in for users and applications, with a cache of tokens that
 is encrypted.
`;
  const sums = await Promise.all(
    files.map(async ({ path, data }) => `${await md5(data)}  ${path.slice(2)}\n`),
  );
  const controls = tar([textEntry("./control", control), textEntry("./md5sums", sums.join(""))]);
  const members: Entry[] = [
    textEntry("debian-binary", "2.0\n"),
    { path: "control.tar.xz", data: await xz(controls, level) },
    { path: "data.tar.xz", data: await xz(tar(files), level) },
  ];
  return [`${NAME}_${version}_${debian}.deb`, ar(members)];
}

async function md5(data: Bytes): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("md5").update(data).digest("hex");
}

/** The names of systems in npm. */
const NPM_SYSTEMS = { linux: "linux", darwin: "darwin", windows: "win32" } as const;

/**
 * Returns the npm package of the executable for `target`, and its name. npm links the executable itself: a program of
 * Node.js in front of it would delay each start and hold back signals.
 */
export async function npmPackage(
  target: Target,
  executable: Bytes,
  { version, license, manual }: PackageFacts,
): Promise<[name: string, data: Bytes]> {
  const os = NPM_SYSTEMS[osOf(target)];
  const { npm: cpu } = processorOf(target);
  const file = `bin/${NAME}${os === "win32" ? ".exe" : ""}`;
  const manifest = {
    name: `@${NAME}/${os}-${cpu}`,
    version,
    description: SUMMARY,
    license: "MIT",
    os: [os],
    cpu: [cpu],
    ...(os === "linux" ? { libc: ["glibc"] } : {}),
    bin: { [NAME]: file },
    ...(os === "win32" ? {} : { man: [...manual.keys()].map((name) => `man/${name}`) }),
    files: os === "win32" ? ["bin"] : ["bin", "man"],
  };
  const entries: Entry[] = [
    textEntry("package/package.json", `${JSON.stringify(manifest, null, 2)}\n`),
    textEntry("package/LICENSE", license),
    { path: `package/${file}`, data: executable, isExecutable: true },
    ...(os === "win32" ? [] : manualEntries("package/man", manual)),
  ];
  return [`${NAME}-${os}-${cpu}-${version}.tgz`, await compress(tar(entries), "gzip")];
}

/** Writes the packages of the executable for `target` into `folder`, and returns their names. */
export async function writePackages(
  folder: string,
  target: Target,
  executable: Bytes,
  facts: PackageFacts,
): Promise<string[]> {
  const packages = [
    await archive(target, executable, facts),
    await npmPackage(target, executable, facts),
    ...(osOf(target) === "linux" ? [await debianPackage(target, executable, facts)] : []),
  ];
  for (const [name, data] of packages) await Deno.writeFile(join(folder, name), data);
  return packages.map(([name]) => name);
}
