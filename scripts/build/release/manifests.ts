/** Writes the manifests of Homebrew, Scoop and winget from the sums of a release. */

import type { Target } from "../compile/targets.ts";
import { type Entry, textEntry } from "./archives.ts";

/** A release that others download. */
export interface PublishedRelease {
  readonly version: string;
  /** The OWNER/NAME of the repository on GitHub. */
  readonly repository: string;
  /** The sums of its files, by name. */
  readonly sums: ReadonlyMap<string, string>;
}

const SUMMARY = "Sign in to Microsoft Entra ID and get access tokens";

/** Returns the manifests as files: `entra-auth-cli.rb`, `entra-auth-cli.json`, and three files of winget. */
export function manifests(release: PublishedRelease): Entry[] {
  return [
    textEntry("homebrew/entra-auth-cli.rb", homebrewFormula(release)),
    textEntry("scoop/entra-auth-cli.json", scoopManifest(release)),
    ...wingetManifests(release).map(([name, text]) => textEntry(`winget/${name}`, text)),
  ];
}

/** Returns the address and sum of the archive for `target`. Throws an `Error` if the release has none. */
function archiveOf(
  { version, repository, sums }: PublishedRelease,
  target: Target,
): { url: string; sum: string } {
  const name = `entra-auth-cli-${target}${target.includes("windows") ? ".zip" : ".tar.gz"}`;
  const sum = sums.get(name);
  if (sum === undefined) throw new Error(`Cannot write the manifests: SHA256SUMS has no ${name}`);
  return { url: `https://github.com/${repository}/releases/download/v${version}/${name}`, sum };
}

function homebrewFormula(release: PublishedRelease): string {
  const source = (target: Target) => {
    const { url, sum } = archiveOf(release, target);
    return `url "${url}"\n      sha256 "${sum}"`;
  };
  return `class EntraAuthCli < Formula
  desc "${SUMMARY}"
  homepage "https://github.com/${release.repository}"
  version "${release.version}"
  license "MIT"

  on_macos do
    on_arm do
      ${source("aarch64-apple-darwin")}
    end
    on_intel do
      ${source("x86_64-apple-darwin")}
    end
  end

  on_linux do
    on_arm do
      ${source("aarch64-unknown-linux-gnu")}
    end
    on_intel do
      ${source("x86_64-unknown-linux-gnu")}
    end
  end

  def install
    bin.install "entra-auth-cli"
    man1.install Dir["man/*.1"]
    generate_completions_from_executable(bin/"entra-auth-cli", "completions")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/entra-auth-cli --version")
  end
end
`;
}

function scoopManifest(release: PublishedRelease): string {
  const { url, sum } = archiveOf(release, "x86_64-pc-windows-msvc");
  const manifest = {
    version: release.version,
    description: SUMMARY,
    homepage: `https://github.com/${release.repository}`,
    license: "MIT",
    architecture: { "64bit": { url, hash: sum } },
    bin: "entra-auth-cli.exe",
    checkver: "github",
    autoupdate: {
      architecture: { "64bit": { url: url.replaceAll(release.version, "$version") } },
      hash: { url: "$baseurl/SHA256SUMS" },
    },
  };
  return `${JSON.stringify(manifest, null, 4)}\n`;
}

function wingetManifests(release: PublishedRelease): [name: string, text: string][] {
  const { url, sum } = archiveOf(release, "x86_64-pc-windows-msvc");
  const [owner = ""] = release.repository.split("/");
  const id = `${owner}.EntraAuthCli`;
  const manifest = (type: string, fields: Readonly<Record<string, string>>, rest = "") => {
    const all = { PackageIdentifier: id, PackageVersion: release.version, ...fields };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
    return `${lines.join("")}${rest}ManifestType: ${type}\nManifestVersion: "1.6.0"\n`;
  };
  const installer = `NestedInstallerFiles:
- RelativeFilePath: entra-auth-cli.exe
  PortableCommandAlias: entra-auth-cli
Installers:
- Architecture: x64
  InstallerUrl: ${url}
  InstallerSha256: "${sum.toUpperCase()}"
`;
  const locale = {
    PackageLocale: "en-US",
    Publisher: owner,
    PackageName: "entra-auth-cli",
    License: "MIT",
    ShortDescription: SUMMARY,
  };
  return [
    [`${id}.yaml`, manifest("version", { DefaultLocale: "en-US" })],
    [
      `${id}.installer.yaml`,
      manifest("installer", { InstallerType: "zip", NestedInstallerType: "portable" }, installer),
    ],
    [`${id}.locale.en-US.yaml`, manifest("defaultLocale", locale)],
  ];
}
