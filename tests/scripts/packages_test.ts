/** Tests the packages of a release with the programs that install them. The executable in them only prints a version. */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path/join";
import { parse } from "@std/yaml/parse";
import { manifests } from "../../scripts/build/release/manifests.ts";
import { archive, debianPackage, npmPackage } from "../../scripts/build/release/packages.ts";
import { TARGETS } from "../../scripts/build/compile/targets.ts";
import { hasCommand } from "../support/program/shell.ts";

const TARGET = "x86_64-unknown-linux-gnu";

function executable(version: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`#!/bin/sh\necho "entra-auth-cli ${version}"\n`);
}

function facts(version = "1.2.3") {
  const completions = { bash: "# bash\n", zsh: "# zsh\n", fish: "# fish\n" };
  const manual = new Map(
    ["entra-auth-cli.1", "entra-auth-cli-exec.1"].map((name) => [name, `.TH ${name} 1\n`]),
  );
  return { version, license: "MIT License\n", completions, manual };
}

async function output(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args], env, stdin: "null" })
    .output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-packages-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test({
  name: "tar and unzip read the archives, whose bytes are the same each time",
  ignore: !hasCommand("tar"),
  fn: () =>
    inFolder(async (folder) => {
      for (const target of [TARGET, "x86_64-pc-windows-msvc"] as const) {
        const [name, data] = await archive(target, executable("1.2.3"), facts());
        assertEquals(await archive(target, executable("1.2.3"), facts()), [name, data]);
        await Deno.writeFile(join(folder, name), data);
        const program = name.endsWith(".zip") ? "entra-auth-cli.exe" : "entra-auth-cli";
        if (name.endsWith(".zip") && !hasCommand("unzip")) continue;
        const unpacked = name.endsWith(".zip")
          ? await output("unzip", ["-q", join(folder, name), program, "LICENSE", "-d", join(folder, target)])
          : await output("sh", [
            "-c",
            `mkdir "$2" && tar -xzf "$1" -C "$2"`,
            "sh",
            join(folder, name),
            join(folder, target),
          ]);
        assertEquals(unpacked.code, 0, unpacked.text);
        assertEquals(await Deno.readFile(join(folder, target, program)), executable("1.2.3"));
        assertEquals(await modeOf(join(folder, target, program)), 0o755);
        assertEquals(await Deno.readTextFile(join(folder, target, "LICENSE")), facts().license);
        if (name.endsWith(".zip")) continue;
        assertEquals(await modeOf(join(folder, target, "man/entra-auth-cli-exec.1")), 0o644);
      }
    }),
});

/** What dpkg knows of a Debian that has the libraries of the executable. */
const INSTALLED = ["libc6\nVersion: 2.27-1", "libgcc1\nVersion: 1:8-1"].map((name) =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: x\nDescription: x\n`
).join("\n");

Deno.test({
  name: "dpkg installs, upgrades, verifies and purges the Debian package in a root of its own",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || !hasCommand("dpkg") || !hasCommand("xz"),
  fn: () =>
    inFolder(async (folder) => {
      const root = join(folder, "root");
      const admin = join(root, "var/lib/dpkg");
      for (const name of ["info", "updates", "triggers"]) {
        await Deno.mkdir(join(admin, name), { recursive: true });
      }
      const options = [
        `--root=${root}`,
        "--force-not-root",
        "--force-script-chrootless",
        `--log=${folder}/log`,
      ];
      const install = async (version: string, status: string | null) => {
        const [name, data] = await debianPackage(TARGET, executable(version), facts(version), "-0");
        assertEquals(name, `entra-auth-cli_${version}_amd64.deb`);
        await Deno.writeFile(join(folder, name), data);
        if (status !== null) await Deno.writeTextFile(join(admin, "status"), status);
        return await output("dpkg", [...options, "--install", join(folder, name)]);
      };
      const old = await install("1.2.3", INSTALLED.replace("2.27", "2.26"));
      assertStringIncludes(old.text, "depends on libc6 (>= 2.27)");
      for (const version of ["1.2.3", "1.2.4"]) {
        const installed = await install(version, version === "1.2.3" ? INSTALLED : null);
        assertEquals(installed.code, 0, installed.text);
        const ran = await output(join(root, "usr/bin/entra-auth-cli"), []);
        assertEquals(ran.text, `entra-auth-cli ${version}\n`);
      }
      assertEquals(await output("dpkg", [...options, "--verify", "entra-auth-cli"]), { code: 0, text: "" });
      await Deno.writeTextFile(join(root, "usr/bin/entra-auth-cli"), "changed");
      const changed = await output("dpkg", [...options, "--verify", "entra-auth-cli"]);
      assertMatch(changed.text, /^\?\?5\?+ .*\/usr\/bin\/entra-auth-cli$/m);
      const share = join(root, "usr/share");
      for (
        const path of [
          "bash-completion/completions/entra-auth-cli",
          "zsh/vendor-completions/_entra-auth-cli",
          "fish/vendor_completions.d/entra-auth-cli.fish",
          "man/man1/entra-auth-cli.1.gz",
          "man/man1/entra-auth-cli-exec.1.gz",
          "doc/entra-auth-cli/copyright",
        ]
      ) assertEquals(await modeOf(join(share, path)), 0o644);

      const purged = await output("dpkg", [...options, "--purge", "entra-auth-cli"]);
      assertEquals(purged.code, 0, purged.text);
      const left = await output("find", [root, "-name", "*entra-auth-cli*"]);
      assertEquals(left, { code: 0, text: "" });
    }),
});

Deno.test({
  name: "npm installs, upgrades and removes the package, and its command is the executable itself",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64" || !hasCommand("npm"),
  fn: () =>
    inFolder(async (folder) => {
      const env = { HOME: folder, npm_config_cache: join(folder, "cache") };
      const npm = (...args: string[]) =>
        output(
          "npm",
          [...args, "--offline", "--no-audit", "--no-fund", `--prefix=${folder}`, "--global"],
          env,
        );
      const command = join(folder, "bin/entra-auth-cli");
      for (const version of ["1.2.3", "1.2.4"]) {
        const [name, data] = await npmPackage(TARGET, executable(version), facts(version));
        assertEquals(name, `entra-auth-cli-linux-x64-${version}.tgz`);
        await Deno.writeFile(join(folder, name), data);
        const installed = await npm("install", join(folder, name));
        assertEquals(installed.code, 0, installed.text);
        assertEquals((await output(command, [])).text, `entra-auth-cli ${version}\n`);
        assertEquals(await Deno.readFile(command), executable(version));
        const page = await Deno.readTextFile(join(folder, "share/man/man1/entra-auth-cli-exec.1"));
        assertEquals(page, facts().manual.get("entra-auth-cli-exec.1"));
      }
      const removed = await npm("uninstall", "@entra-auth-cli/linux-x64");
      assertEquals(removed.code, 0, removed.text);
      assert(await Deno.lstat(command).then(() => false, () => true));
      const [other, data] = await npmPackage("aarch64-apple-darwin", executable("1"), facts());
      await Deno.writeFile(join(folder, other), data);
      assertStringIncludes((await npm("install", join(folder, other))).text, "EBADPLATFORM");
    }),
});

const SUMS = new Map(
  TARGETS.map((target, at) => [
    `entra-auth-cli-${target}${target.includes("windows") ? ".zip" : ".tar.gz"}`,
    String(at).repeat(64),
  ]),
);
const RELEASE = { version: "1.2.3", repository: "contoso/entra-auth-cli", sums: SUMS };
const DOWNLOADS = "https://github.com/contoso/entra-auth-cli/releases/download/v1.2.3/";

Deno.test("manifests() names each archive beside its sum, for Homebrew, Scoop and winget", () => {
  const files = manifests(RELEASE);
  const texts = new Map(files.map(({ path, data }) => [path, new TextDecoder().decode(data)]));
  const formula = texts.get("homebrew/entra-auth-cli.rb") ?? "";
  assertStringIncludes(formula, 'man1.install Dir["man/*.1"]');
  for (const [name, sum] of SUMS) {
    if (name.endsWith(".zip")) continue;
    assertMatch(formula, new RegExp(`url "${DOWNLOADS}${name}"\n +sha256 "${sum}"`));
  }
  const scoop = JSON.parse(texts.get("scoop/entra-auth-cli.json") ?? "");
  const [zip = "", sum = ""] = [...SUMS].find(([name]) => name.endsWith(".zip")) ?? [];
  assertEquals(scoop.architecture, { "64bit": { url: DOWNLOADS + zip, hash: sum } });
  assertStringIncludes(scoop.autoupdate.architecture["64bit"].url, "/v$version/");
  const winget = ["yaml", "installer.yaml", "locale.en-US.yaml"].map((end) =>
    parse(texts.get(`winget/contoso.EntraAuthCli.${end}`) ?? "") as Record<string, unknown>
  );
  assertEquals(winget.map(({ ManifestType }) => ManifestType), ["version", "installer", "defaultLocale"]);
  for (const { PackageIdentifier, PackageVersion, ManifestVersion } of winget) {
    assertEquals([PackageIdentifier, PackageVersion, ManifestVersion], [
      "contoso.EntraAuthCli",
      "1.2.3",
      "1.6.0",
    ]);
  }
  assertEquals(winget[1]?.Installers, [
    { Architecture: "x64", InstallerUrl: DOWNLOADS + zip, InstallerSha256: sum.toUpperCase() },
  ]);
});

Deno.test("manifests() refuses a release without an archive", () => {
  const sums = new Map([...SUMS].slice(1));
  assertThrows(
    () => manifests({ ...RELEASE, sums }),
    Error,
    "SHA256SUMS has no entra-auth-cli-x86_64-unknown",
  );
});
