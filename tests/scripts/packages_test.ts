/**
 * Tests the packages of a release with the programs that install them. The executable in most of them only prints a version;
 * npm and tar get a real one too.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { equals } from "@std/bytes/equals";
import { join } from "@std/path/join";
import { parse } from "@std/yaml/parse";
import { manifests } from "../../scripts/build/release/manifests.ts";
import { executablesOnce } from "../../scripts/build/built_once.ts";
import { archive, debianPackage, npmPackage } from "../../scripts/build/release/packages.ts";
import { TARGETS } from "../../scripts/build/compile/targets.ts";
import { DEV_FOLDER, makeFolderOnce, unpackFromNpm } from "../../scripts/offline/npm_package.ts";
import { hasCommand } from "../support/program/shell.ts";

const TARGET = "x86_64-unknown-linux-gnu";

const isElsewhere = Deno.build.os !== "linux" || Deno.build.arch !== "x86_64";

async function realExecutable(): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile((await executablesOnce())[TARGET]);
}

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

/** Creates a profile with the program of a release and lists it, with `home` as the home folder. */
async function assertRuns(command: string, home: string): Promise<void> {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const run = (...args: string[]) => output(command, args, { HOME: home, PATH: Deno.env.get("PATH") ?? "" });
  assertMatch((await run("--version")).text, new RegExp(`^entra-auth-cli ${RegExp.escape(version)}`));
  const id = "11111111-2222-4333-8444-555555555555";
  const created = await run("create-profile", "--name", "work", "--tenant-id", id, "--client-id", id);
  assertStringIncludes(created.text, "✓ Profile 'work' created");
  assertStringIncludes((await run("list-profiles")).text, "work");
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

Deno.test({
  name: "the executable in the archive runs once it is unpacked",
  ignore: isElsewhere || !hasCommand("tar"),
  fn: () =>
    inFolder(async (folder) => {
      const [name, data] = await archive(TARGET, await realExecutable(), facts());
      await Deno.writeFile(join(folder, name), data);
      const unpacked = await output("tar", ["-xzf", join(folder, name), "-C", folder]);
      assertEquals(unpacked.code, 0, unpacked.text);
      await assertRuns(join(folder, "entra-auth-cli"), folder);
    }),
});

/** Returns what dpkg knows of a Debian that has the libraries of the executable. */
function librariesOf(architecture: string): string {
  return ["libc6\nVersion: 2.27-1", "libgcc1\nVersion: 1:8-1"].map((name) =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: ${architecture}\nMaintainer: x\nDescription: x\n`
  ).join("\n");
}

Deno.test({
  name: "dpkg installs, upgrades, verifies and purges the Debian package in a root of its own",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || !hasCommand("dpkg") || !hasCommand("xz"),
  async fn(test) {
    const targets = [[TARGET, "amd64"], ["aarch64-unknown-linux-gnu", "arm64"]] as const;
    for (const [target, architecture] of targets) {
      await test.step(architecture, () =>
        inFolder(async (folder) => {
          const root = join(folder, "root");
          const admin = join(root, "var/lib/dpkg");
          for (const name of ["info", "updates", "triggers"]) {
            await Deno.mkdir(join(admin, name), { recursive: true });
          }
          // Packages for both may be installed, as beside qemu.
          await Deno.writeTextFile(join(admin, "arch"), "amd64\narm64\n");
          const options = [
            `--root=${root}`,
            "--force-not-root",
            "--force-script-chrootless",
            `--log=${folder}/log`,
          ];
          const install = async (version: string, status: string | null) => {
            const [name, data] = await debianPackage(target, executable(version), facts(version), "-0");
            assertEquals(name, `entra-auth-cli_${version}_${architecture}.deb`);
            await Deno.writeFile(join(folder, name), data);
            if (status !== null) await Deno.writeTextFile(join(admin, "status"), status);
            return await output("dpkg", [...options, "--install", join(folder, name)]);
          };
          const old = await install("1.2.3", librariesOf(architecture).replace("2.27", "2.26"));
          assertStringIncludes(old.text, "depends on libc6 (>= 2.27)");
          for (const version of ["1.2.3", "1.2.4"]) {
            const installed = await install(version, version === "1.2.3" ? librariesOf(architecture) : null);
            assertEquals(installed.code, 0, installed.text);
            const ran = await output(join(root, "usr/bin/entra-auth-cli"), []);
            assertEquals(ran.text, `entra-auth-cli ${version}\n`);
          }
          assertEquals(await output("dpkg", [...options, "--verify", "entra-auth-cli"]), {
            code: 0,
            text: "",
          });
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
        }));
    }
  },
});

Deno.test({
  name: "npm installs, upgrades and removes the package, and its command is the executable itself",
  ignore: isElsewhere || !hasCommand("npm"),
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
      const real = await realExecutable();
      for (const version of ["1.2.3", "1.2.4", "1.2.5"]) {
        const bytes = version === "1.2.5" ? real : executable(version);
        const [name, data] = await npmPackage(TARGET, bytes, facts(version));
        assertEquals(name, `entra-auth-cli-linux-x64-${version}.tgz`);
        await Deno.writeFile(join(folder, name), data);
        const installed = await npm("install", join(folder, name));
        assertEquals(installed.code, 0, installed.text);
        if (bytes === real) await assertRuns(command, folder);
        else assertEquals((await output(command, [])).text, `entra-auth-cli ${version}\n`);
        assert(equals(await Deno.readFile(command), bytes));
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

/** What a value has to be: a text that matches, an object with exactly these keys, or a list of one. */
type Rule = RegExp | { readonly [key: string]: Rule } | readonly [Rule];

/** Returns where `value` breaks `rule`. */
function violations(value: unknown, rule: Rule, at = ""): string[] {
  if (rule instanceof RegExp) return typeof value === "string" && rule.test(value) ? [] : [at];
  if (Array.isArray(rule)) {
    return Array.isArray(value) && value.length === 1 ? violations(value[0], rule[0], `${at}[0]`) : [at];
  }
  if (typeof value !== "object" || value === null) return [at];
  const found = new Map(Object.entries(value));
  const keys = new Set([...found.keys(), ...Object.keys(rule)]);
  return [...keys].flatMap((key) => {
    const inner = (rule as Readonly<Record<string, Rule>>)[key];
    return inner === undefined ? [`${at}.${key}`] : violations(found.get(key), inner, `${at}.${key}`);
  });
}

const SUM = /^[0-9A-Fa-f]{64}$/;
const ADDRESS = /^https:\/\/[^$]+$/;
const NAME_PART = String.raw`[^.\s\\/:*?"<>|\x01-\x1f]{1,32}`;

/** The rules of Scoop's schema.json for the keys that the manifest has. */
const SCOOP: Rule = {
  version: /^[\w.+-]+$/,
  description: /./,
  homepage: ADDRESS,
  license: /^MIT$/,
  architecture: { "64bit": { url: ADDRESS, hash: SUM } },
  bin: /^entra-auth-cli\.exe$/,
  checkver: /^github$/,
  autoupdate: {
    architecture: { "64bit": { url: /^https:\/\/.*\$version/ } },
    hash: { url: /^\$baseurl\/\w+$/ },
  },
};

/** Returns the rules of winget's schema 1.6.0 for a manifest of this type with these keys beside those of every type. */
function wingetRules(type: string, keys: Readonly<Record<string, Rule>>): Rule {
  return {
    PackageIdentifier: new RegExp(`^(?=.{1,128}$)${NAME_PART}(\\.${NAME_PART}){1,7}$`),
    PackageVersion: /^[^\\/:*?"<>|]{1,128}$/,
    ...keys,
    ManifestType: new RegExp(`^${type}$`),
    ManifestVersion: /^1\.6\.0$/,
  };
}

const LOCALE = /^[a-zA-Z]{2,3}(-[a-zA-Z]{1,8})*$/;

const WINGET: Readonly<Record<string, Rule>> = {
  "yaml": wingetRules("version", { DefaultLocale: LOCALE }),
  "installer.yaml": wingetRules("installer", {
    InstallerType: /^zip$/,
    NestedInstallerType: /^portable$/,
    NestedInstallerFiles: [{ RelativeFilePath: /^.{1,512}$/, PortableCommandAlias: /^.{1,40}$/ }],
    Installers: [{ Architecture: /^x64$/, InstallerUrl: ADDRESS, InstallerSha256: SUM }],
  }),
  "locale.en-US.yaml": wingetRules("defaultLocale", {
    PackageLocale: LOCALE,
    Publisher: /^.{2,256}$/,
    PackageName: /^.{2,256}$/,
    License: /^.{3,512}$/,
    ShortDescription: /^.{3,256}$/,
  }),
};

Deno.test("the manifests keep to the published schemas of Scoop and winget, whatever the version and owner", () => {
  for (const version of ["1.2.3", "1.10", "0", "2.0.0-rc.1"]) {
    for (const owner of ["contoso", "1e5", "a-b", "x".repeat(32)]) {
      const files = manifests({ version, repository: `${owner}/entra-auth-cli`, sums: SUMS });
      const read = new Map(
        files.filter(({ path }) => !path.endsWith(".rb")).map(({ path, data }) =>
          [path, parse(new TextDecoder().decode(data))] as const
        ),
      );
      assertEquals(violations(read.get("scoop/entra-auth-cli.json"), SCOOP), [], version);
      for (const [end, rule] of Object.entries(WINGET)) {
        assertEquals(violations(read.get(`winget/${owner}.EntraAuthCli.${end}`), rule), [], end);
      }
      assertEquals(read.size, 1 + Object.keys(WINGET).length);
    }
  }
  assertEquals(violations({ version: "1", checkver: 1, x: "" }, { version: /1/, checkver: /./, hash: SUM }), [
    ".checkver",
    ".x",
    ".hash",
  ]);
});

const RUBY_PARSER = {
  name: "@ruby/prism",
  version: "1.9.0",
  integrity:
    "sha512-/j+JfP1eA0nCjx6c/8L6K/ENErmsqc6RMAba8rKYNz4RadrT7AW20u4WrjpWYWzdlk6k1YWHxoW9OS68w02+Vw==",
};

/** Downloads Ruby's own parser once and returns a function that lists the mistakes in a script. */
async function openRubyParser(): Promise<(script: string) => string[]> {
  const folder = new URL("ruby/", DEV_FOLDER);
  await makeFolderOnce(
    folder,
    JSON.stringify(RUBY_PARSER),
    (draft) => unpackFromNpm(RUBY_PARSER, draft, "prism"),
  );
  const module = await WebAssembly.compile(await Deno.readFile(new URL("prism/src/prism.wasm", folder)));
  // The functions of the system that it imports are not called to parse a text.
  const system = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]));
  const { exports } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: system });
  const { parsePrism } = await import(new URL("prism/src/parsePrism.js", folder).href);
  return (script) => {
    const { errors, warnings }: Record<string, { message: string }[]> = parsePrism(exports, script);
    return [...errors ?? [], ...warnings ?? []].map(({ message }) => message);
  };
}

Deno.test({
  name: "Ruby's parser reads the Homebrew formula",
  ignore: !hasCommand("npm"),
  async fn() {
    const mistakes = await openRubyParser();
    const formula = manifests(RELEASE).find(({ path }) => path.endsWith(".rb"));
    const text = new TextDecoder().decode(formula?.data);
    assertStringIncludes(text, "class EntraAuthCli < Formula");
    assertEquals(mistakes(text), []);
    assertStringIncludes(mistakes(text.replace(/^end\n$/m, "")).join("\n"), "expected an `end`");
  },
});

Deno.test("manifests() refuses a release without an archive", () => {
  const sums = new Map([...SUMS].slice(1));
  assertThrows(
    () => manifests({ ...RELEASE, sums }),
    Error,
    "SHA256SUMS has no entra-auth-cli-x86_64-unknown",
  );
});
