import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { parse } from "@std/yaml/parse";
import { makeServerCertificate } from "../support/provider/certificate.ts";
import { CHECKSUM_FILE, formatChecksums } from "../../scripts/build/release/checksums.ts";
import { hasCommand } from "../support/program/shell.ts";

const SCRIPT = fromFileUrl(import.meta.resolve("../../scripts/install.sh"));
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
];
const NAMES = TARGETS.map((target) => `entra-auth-cli-${target}`);
// Windows has a script of its own.
const ignore = Deno.build.os === "windows";

/** What the script needs besides what takes its files. */
const NEEDED = [
  ...[
    "cat",
    "chmod",
    "cp",
    "cut",
    "grep",
    "ldd",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "rmdir",
    "sed",
    "sh",
    "sha256sum",
  ],
  ...["shasum", "tail", "uname"],
];

/** Makes a folder for `PATH` in which the script finds `taker` and no other program that takes files; null where there is none. */
async function pathWith(taker: string, folder: string): Promise<string | null> {
  const places = (Deno.env.get("PATH") ?? "").split(":").reverse();
  for (const program of [taker, ...NEEDED]) {
    for (const place of places) {
      const path = join(place, program);
      const isThere = await Deno.stat(path).then(({ isFile }) => isFile, () => false);
      if (!isThere) continue;
      await Deno.remove(join(folder, program)).catch(() => {});
      await Deno.symlink(path, join(folder, program));
    }
  }
  return await Deno.stat(join(folder, taker)).then(() => folder, () => null);
}

/** A release whose executables do nothing but say their version. */
class Release implements AsyncDisposable {
  readonly folder: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Names of files that the server breaks off in the middle of. */
  readonly breaksOff = new Set<string>();

  private constructor(readonly top: string) {
    this.folder = join(top, "release");
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.answer(request),
    );
  }

  static async open(): Promise<Release> {
    const release = new Release(await Deno.makeTempDir({ prefix: "entra-auth-cli-install-" }));
    await Deno.mkdir(release.folder);
    for (const name of NAMES) {
      await Deno.writeTextFile(join(release.folder, name), `#!/bin/sh\necho "${name} 1.2.3"\n`);
    }
    await release.sum();
    return release;
  }

  async sum(names: readonly string[] = NAMES): Promise<void> {
    await Deno.writeTextFile(join(this.folder, CHECKSUM_FILE), await formatChecksums(this.folder, names));
  }

  async answer(request: Request): Promise<Response> {
    const name = new URL(request.url).pathname.slice(1);
    const data = await Deno.readFile(join(this.folder, name)).catch(() => null);
    if (data === null) return new Response("not found", { status: 404 });
    if (!this.breaksOff.has(name)) return new Response(data);
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(data.subarray(0, 10));
        controller.error(new Error("broken off"));
      },
    });
    return new Response(body, { headers: { "content-length": String(data.length) } });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Runs the script for a new folder, and says what is there afterwards. */
  async install(url = this.url, env: Record<string, string> = {}) {
    const target = join(this.top, "a place", crypto.randomUUID());
    const command = new Deno.Command("sh", {
      args: [SCRIPT, target],
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: this.top,
        ENTRA_AUTH_CLI_RELEASE: url,
        no_proxy: "*",
        ...env,
      },
      clearEnv: true,
      stdin: "null",
    });
    const { code, stdout, stderr } = await command.output();
    // Null if not even the folder is left.
    const left = await Array.fromAsync(Deno.readDir(target), ({ name }) => name).catch(() => null);
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { code, said, left, target };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.top, { recursive: true });
  }
}

Deno.test({
  name: "install.sh puts this machine's executable in place, and says what to do about PATH",
  ignore,
  async fn() {
    await using release = await Release.open();
    for (const url of [release.url, release.folder, `file://${release.folder}`]) {
      const { code, said, left, target } = await release.install(url);
      assertEquals([code, left], [0, ["entra-auth-cli"]], said);
      assertStringIncludes(said, "1.2.3 is in ");
      assertStringIncludes(said, `export PATH="${target}:$PATH"`);
      const { mode } = await Deno.stat(join(target, "entra-auth-cli"));
      assertEquals((mode ?? 0) & 0o777, 0o755);
      const { stdout } = await new Deno.Command(join(target, "entra-auth-cli")).output();
      assertStringIncludes(new TextDecoder().decode(stdout), Deno.build.os === "darwin" ? "darwin" : "linux");
    }
  },
});

Deno.test({
  name: "install.sh says nothing of PATH to who has the folder in it",
  ignore,
  async fn() {
    await using release = await Release.open();
    const local = join(release.top, ".local", "bin");
    const command = new Deno.Command("sh", {
      args: [SCRIPT],
      env: {
        HOME: release.top,
        ENTRA_AUTH_CLI_RELEASE: release.folder,
        PATH: `${Deno.env.get("PATH")}:${local}`,
      },
    });
    const { code, stderr } = await command.output();
    const said = new TextDecoder().decode(stderr);
    assertEquals([code, said.includes("PATH")], [0, false], said);
    assert((await Deno.stat(join(local, "entra-auth-cli"))).isFile);
  },
});

Deno.test({
  name:
    "install.sh leaves nothing behind of a file that is not what the release says, is missing, or breaks off",
  ignore,
  async fn(test) {
    await using release = await Release.open();
    const fails = async (reason: string, url?: string, env?: Record<string, string>) => {
      const { code, said, left } = await release.install(url, env);
      assertEquals([code, left], [1, null], said);
      assertStringIncludes(said, reason);
    };
    await test.step("the connection breaks off", async () => {
      for (const name of NAMES) release.breaksOff.add(name);
      await fails("cannot download entra-auth-cli-");
      release.breaksOff.clear();
    });
    await test.step("no release at the address", () =>
      fails("cannot download SHA256SUMS", `${release.url}v9`));
    await test.step("no file of this machine's in the list", async () => {
      await release.sum(["entra-auth-cli-x86_64-apple-darwin"].filter(() => Deno.build.os !== "darwin"));
      await fails(" has no entra-auth-cli-");
      await release.sum();
    });
    await test.step("a file of the list is not there", async () => {
      for (const name of NAMES) await Deno.remove(join(release.folder, name));
      await fails("cannot download entra-auth-cli-");
    });
    await test.step("another file than the one that was summed", async () => {
      for (const name of NAMES) {
        await Deno.writeTextFile(join(release.folder, name), "#!/bin/sh\necho 6.6.6\n");
      }
      await fails("has the wrong sum");
    });
    await test.step("one that does not start", async () => {
      for (const name of NAMES) await Deno.writeTextFile(join(release.folder, name), "#!/bin/sh\nexit 3\n");
      await release.sum();
      await fails("does not start on this machine");
      if (Deno.build.os === "linux") await fails("needs glibc 2.27 or newer, libgcc_s.so.1 and /proc");
    });
  },
});

Deno.test({
  name: "install.sh takes the executable of this system and processor",
  ignore,
  async fn() {
    await using release = await Release.open();
    const uname = join(release.top, "uname");
    const machines: [string, string, string][] = [
      ["Linux", "aarch64", "entra-auth-cli-aarch64-unknown-linux-gnu 1.2.3"],
      ["Linux", "amd64", "entra-auth-cli-x86_64-unknown-linux-gnu 1.2.3"],
      ["Darwin", "arm64", "entra-auth-cli-aarch64-apple-darwin 1.2.3"],
      ["Darwin", "x86_64", "entra-auth-cli-x86_64-apple-darwin 1.2.3"],
      ["Linux", "riscv64", "no executable for the processor riscv64"],
      ["FreeBSD", "amd64", "no executable for FreeBSD"],
    ];
    for (const [system, machine, says] of machines) {
      await Deno.writeTextFile(uname, `#!/bin/sh\n[ "$1" = -s ] && echo ${system} || echo ${machine}\n`);
      await Deno.chmod(uname, 0o755);
      const path = `${release.top}:${Deno.env.get("PATH")}`;
      const command = new Deno.Command("sh", {
        args: [SCRIPT, join(release.top, "bin")],
        env: { PATH: path, HOME: release.top, ENTRA_AUTH_CLI_RELEASE: release.folder },
      });
      const { stderr } = await command.output();
      assertStringIncludes(new TextDecoder().decode(stderr), says);
    }
  },
});

Deno.test({
  name: "install.sh says before the download that musl or an old glibc does not run the executable",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using release = await Release.open();
    const tools = join(release.top, "tools");
    await Deno.mkdir(tools);
    const libraries = [
      [
        "musl libc (x86_64)\\nVersion 1.2.5",
        "this Linux has musl, as Alpine does: run the program with Deno",
      ],
      ["ldd (GNU libc) 2.17", "this Linux has glibc 2.17: run the program with Deno"],
      ["ldd (Ubuntu GLIBC 2.26-0ubuntu2) 2.26", "this Linux has glibc 2.26"],
      ["ldd (Ubuntu GLIBC 2.27-3ubuntu1.6) 2.27", null],
      ["ldd (Debian GLIBC 2.36-9+deb12u14) 2.36", null],
      ["ldd (GNU libc) 3.0", null],
      ["something else", null],
    ] as const;
    for (const [version, refusal] of libraries) {
      await Deno.writeTextFile(join(tools, "ldd"), `#!/bin/sh\nprintf '%b\\n' '${version}'\n`);
      await Deno.chmod(join(tools, "ldd"), 0o755);
      const url = refusal === null ? release.url : `${release.url}nowhere`;
      const { code, said } = await release.install(url, { PATH: `${tools}:${Deno.env.get("PATH")}` });
      assertEquals(code, refusal === null ? 0 : 1, said);
      if (refusal !== null) assertStringIncludes(said, `needs glibc 2.27 or newer, and ${refusal}`);
    }
  },
});

Deno.test({
  name: "install.sh replaces an earlier version while it runs, and removes the program alone",
  ignore,
  async fn() {
    await using release = await Release.open();
    const folder = join(release.top, "a bin");
    const place = join(folder, "entra-auth-cli");
    const env = { HOME: release.top, ENTRA_AUTH_CLI_RELEASE: release.folder };
    const script = async (...args: string[]) => {
      const { code, stderr } = await new Deno.Command("sh", { args: [SCRIPT, ...args], env }).output();
      return [code, new TextDecoder().decode(stderr)] as const;
    };
    await Deno.mkdir(folder);
    // Like the executable, it is read while it runs.
    await Deno.copyFile(Deno.execPath(), place);
    const running = new Deno.Command(place, {
      args: ["eval", "--no-config", "await new Response(Deno.stdin.readable).text()"],
      stdin: "piped",
    }).spawn();
    const [code, said] = await script(folder);
    assertEquals(code, 0, said);
    assertMatch(said, /1\.2\.3 is in .*, instead of deno \d/);
    await running.stdin.close();
    assertEquals((await running.status).code, 0);
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["entra-auth-cli"]);

    await Deno.writeTextFile(join(folder, "other"), "");
    const [removed, told] = await script("--uninstall", folder);
    assertEquals(removed, 0, told);
    assertStringIncludes(told, `removed ${place}`);
    assertStringIncludes(told, `${release.top}/.entra-auth-cli: remove this folder`);
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["other"]);
    const [again, missing] = await script("--uninstall", folder);
    assertEquals([again, missing.includes(`there is no ${place}`)], [1, true]);
  },
});

Deno.test({
  name: "install.sh refuses an address that is neither https nor of this machine, however it is written",
  ignore,
  async fn() {
    await using release = await Release.open();
    const { port } = new URL(release.url);
    const addresses = [
      ["", "set ENTRA_AUTH_CLI_RELEASE"],
      ["http://127.0.0.1.example/v1", "expected https"],
      ["http://release.invalid/v1/", "expected https"],
      [`http://localhost:x@127.0.0.1:${port}`, "Invalid release address"],
      [`http://localhost:1@127.0.0.1:${port}`, "Invalid release address"],
      [`http://localhost@127.0.0.1:${port}`, "Invalid release address"],
      [`http://127.0.0.1:${port}@release.invalid/`, "Invalid release address"],
      [`http://localhost\\@release.invalid/`, "Invalid release address"],
      ["http://localhost#@release.invalid/v1", "cannot download"],
      ["https://someone:secret@release.invalid/v1", "Invalid release address"],
      ["https:///v1", "Invalid release address"],
      ["http://[::1].example/v1", "Invalid release address"],
    ];
    for (const [address = "", says = ""] of addresses) {
      const { code, said, left } = await release.install(address);
      assertEquals([code, left], [1, null], `${address}: ${said}`);
      assertStringIncludes(said, says, address);
    }
  },
});

Deno.test({
  name: "install.sh refuses a folder in the executable's place, and another sum than the given one",
  ignore,
  async fn() {
    await using release = await Release.open();
    const folder = join(release.top, "bin");
    await Deno.mkdir(join(folder, "entra-auth-cli"), { recursive: true });
    const env = { HOME: release.top, ENTRA_AUTH_CLI_RELEASE: release.folder };
    const { code, stderr } = await new Deno.Command("sh", { args: [SCRIPT, folder], env }).output();
    assertEquals(code, 1);
    assertStringIncludes(new TextDecoder().decode(stderr), "entra-auth-cli is a folder");
    assertEquals(await Array.fromAsync(Deno.readDir(join(folder, "entra-auth-cli"))), []);

    const other = await release.install(release.url, { ENTRA_AUTH_CLI_SHA256: "0".repeat(64) });
    assertEquals([other.code, other.left], [1, null], other.said);
    assertStringIncludes(other.said, `wrong sum: expected ${"0".repeat(64)}`);
  },
});

Deno.test({
  name: "install.sh has gh verify who built the executable, and installs nothing that another workflow built",
  ignore,
  async fn(test) {
    await using release = await Release.open();
    const tools = join(release.top, "tools");
    await Deno.mkdir(tools);
    const log = join(release.top, "gh.log");
    /** A `gh` that is signed in or not, and that finds the attestation or not. */
    const gh = async (signedIn: boolean, attested: boolean) => {
      const script = [
        "#!/bin/sh",
        'case "$*" in',
        `  "auth status") exit ${signedIn ? 0 : 1} ;;`,
        '  "attestation verify --help") exit 0 ;;',
        `  *) printf "%s\\n" "$*" >>"${log}"; [ ${attested} = true ] || { echo "no attestations found"; exit 1; } ;;`,
        "esac",
        "",
      ];
      await Deno.writeTextFile(join(tools, "gh"), script.join("\n"));
      await Deno.chmod(join(tools, "gh"), 0o755);
    };
    const PATH = `${tools}:${Deno.env.get("PATH")}`;
    const from = { PATH, ENTRA_AUTH_CLI_REPOSITORY: "contoso/entra-auth-cli" };

    await test.step("attested", async () => {
      await gh(true, true);
      const { code, said, left } = await release.install(release.url, from);
      assertEquals([code, left], [0, ["entra-auth-cli"]], said);
      assertStringIncludes(said, "verified: the release workflow of contoso/entra-auth-cli built it");
      const [verified = ""] = (await Deno.readTextFile(log)).split("\n");
      assertMatch(verified, /^attestation verify \S.*entra-auth-cli --repo contoso\/entra-auth-cli /);
      assertStringIncludes(
        verified,
        "--signer-workflow contoso/entra-auth-cli/.github/workflows/release.yml",
      );
    });
    await test.step("not attested", async () => {
      await gh(true, false);
      const { code, said, left } = await release.install(release.url, from);
      assertEquals([code, left], [1, null], said);
      assertStringIncludes(said, "was not built by the release workflow of contoso/entra-auth-cli");
      assertStringIncludes(said, "no attestations found");
    });
    await test.step("gh cannot tell", async () => {
      await gh(false, false);
      for (const env of [from, { PATH }]) {
        const { code, said, left } = await release.install(release.url, env);
        assertEquals([code, left], [0, ["entra-auth-cli"]], said);
        assertStringIncludes(said, "not verified who built it");
      }
    });
  },
});

for (const taker of ["curl", "wget"]) {
  Deno.test({
    name: `install.sh with ${taker} follows a release from https to https, and not to http`,
    ignore,
    async fn(test) {
      await using release = await Release.open();
      const tools = join(release.top, "tools");
      await Deno.mkdir(tools);
      const path = await pathWith(taker, tools);
      if (path === null) return;
      const { caPem, certificatePem: cert, privateKeyPem: key } = await makeServerCertificate();
      const trusted = join(release.top, "ca.pem");
      await Deno.writeTextFile(trusted, caPem);
      const settings = join(release.top, "wgetrc");
      await Deno.writeTextFile(settings, `ca_certificate = ${trusted}\n`);
      const env = { PATH: path, CURL_CA_BUNDLE: trusted, WGETRC: settings };
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} },
        (request) => {
          const { origin, pathname } = new URL(request.url);
          const [, way = "", name = ""] = pathname.split("/");
          const locations: Record<string, string> = {
            far: `${origin}/files/${name}`,
            near: `/files/${name}`,
            plain: `${release.url}${name}`,
            round: pathname,
          };
          const location = locations[way];
          if (location !== undefined) return new Response(null, { status: 302, headers: { location } });
          return release.answer(new Request(`${origin}/${name}`));
        },
      );
      const from = (way: string) => release.install(`https://localhost:${server.addr.port}/${way}`, env);
      for (const way of ["files", "far", "near"]) {
        await test.step(way, async () => {
          const { code, said, left } = await from(way);
          assertEquals([code, left], [0, ["entra-auth-cli"]], said);
        });
      }
      for (const way of ["plain", "round", "far/nowhere"]) {
        await test.step(way, async () => {
          const { code, said, left } = await from(way);
          assertEquals([code, left], [1, null], said);
          assertStringIncludes(said, "cannot download SHA256SUMS");
        });
      }
    },
  });
}

/** The part of `action.yml` that the test reads. */
interface Action {
  readonly runs: {
    readonly steps: readonly {
      readonly shell: string;
      readonly run: string;
      readonly env: Record<string, string>;
    }[];
  };
}

Deno.test({
  name: "the action installs the version that it names, adds it to PATH, and refuses another sum or version",
  ignore: ignore || !hasCommand("bash"),
  async fn(test) {
    await using release = await Release.open();
    const folder = fromFileUrl(import.meta.resolve("../../.github/actions/setup-entra-auth-cli"));
    const { runs } = parse(await Deno.readTextFile(join(folder, "action.yml"))) as Action;
    const [bash, powershell] = runs.steps;
    assertEquals([bash?.shell, powershell?.shell], ["bash", "pwsh"]);
    assertEquals(bash?.env, powershell?.env);
    const paths = join(release.top, "paths");
    const setUp = async (inputs: Record<string, string>) => {
      const command = new Deno.Command("bash", {
        args: ["--noprofile", "--norc", "-eo", "pipefail", "-c", bash?.run ?? ""],
        env: {
          HOME: release.top,
          RUNNER_TEMP: join(release.top, "a temp"),
          GITHUB_PATH: paths,
          GITHUB_ACTION_PATH: folder,
          ENTRA_AUTH_CLI_RELEASE: release.folder,
          ENTRA_AUTH_CLI_SHA256: "",
          ...inputs,
        },
      });
      const { code, stdout, stderr } = await command.output();
      return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    await test.step("refused", async () => {
      const other = await setUp({ VERSION: "1.2.3", ENTRA_AUTH_CLI_SHA256: "0".repeat(64) });
      assertEquals([other.code, other.said.includes("wrong sum")], [1, true], other.said);
      for (const VERSION of ["", "1.2.3; exit", "../x"]) {
        const { code, said } = await setUp({ VERSION });
        assertEquals([code, said.includes("Invalid version")], [2, true], said);
      }
      assertEquals(await Deno.stat(paths).then(() => "written", () => "missing"), "missing");
    });
    await test.step("installed", async () => {
      const { code, said } = await setUp({ VERSION: "1.2.3" });
      assertEquals(code, 0, said);
      const place = (await Deno.readTextFile(paths)).trim();
      assertEquals(place, join(release.top, "a temp/entra-auth-cli/1.2.3"));
      const { stdout } = await new Deno.Command(join(place, "entra-auth-cli")).output();
      assertStringIncludes(new TextDecoder().decode(stdout), "1.2.3");
    });
  },
});
