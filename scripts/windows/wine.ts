/**
 * Runs the tests for Windows on Deno for Windows under Wine, on Debian as root. Arguments replace those of `deno test`,
 * including the files to run. `--set-up` alone runs no test.
 *
 * `.dev/wine/` holds a small Debian with a recent Wine (from apt's mirror), Deno for Windows, and the packages. A run uses
 * an overlay in memory and its own namespaces, so that it leaves no mount, process or change behind. The set-up takes two
 * minutes the first time and a few seconds afterwards.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import {
  DEV_FOLDER,
  makeFolderOnce,
  type PinnedPackage,
  say,
  unpackFromNpm,
} from "../offline/npm_package.ts";
import { aptGet, debianMirror } from "../offline/debian_package.ts";
import { executablesOnce } from "../build/built_once.ts";
import { findTestsOfSystem } from "./system_tests.ts";

/** The oldest Debian with a Wine that runs Deno. */
const DEBIAN = "trixie";

const WINDOWS_DENO: PinnedPackage = {
  name: "@deno/win32-x64",
  version: "2.9.5",
  integrity:
    "sha512-LkcERsH0olOgevg9L9eootSr1U8ydyfnX1bS3mFqU+lGBeTYtlec5b/QF473WUOGVgPlWECrkxi4As5kEaFOzg==",
};

/** Tests that fail under Wine. */
const IGNORED = [
  // Replaces a file that is always open, which needs the POSIX rename of Windows 10.
  "tests/unit/store/store_readers_test.ts",
  // Wine does not end a read when the process itself closes the connection.
  "tests/unit/loopback/callback_server_close_test.ts",
  // Wine loses events of hundreds of connections.
  "tests/unit/loopback/connections_test.ts",
  // Wine reports a connection that the peer resets in another way, and Deno then retries the request.
  "tests/unit/system/network/broken_connection_test.ts",
  "tests/unit/system/network/proxy_error_test.ts",
];

/** Files of tests of the program, which run on the executable. */
const PROCESS_TESTS = [
  "tests/process/packaging/windows_test.ts",
  "tests/process/packaging/windows_executable_test.ts",
  "tests/process/packaging/permissions_test.ts",
  "tests/process/sign_in/accounts_test.ts",
  "tests/process/sign_in/authorization_code_test.ts",
  "tests/process/sign_in/callback_port_test.ts",
  "tests/process/sign_in/device_code_test.ts",
  "tests/process/sign_in/sign_in_test.ts",
  "tests/process/sign_in/system_opener_test.ts",
  "tests/process/terminal/usage_test.ts",
];

/** Files of tests that run on Linux and start programs in the Debian with Wine. */
const LINUX_TESTS = [
  "tests/process/packaging/debian_package_test.ts",
  "tests/process/packaging/windows_console_test.ts",
];

/** Tests of the tests' own tools: what the process tests use of them runs here with those. */
const TEST_SUPPORT = "tests/unit/support/";

/**
 * Returns the files to run by default: tests of the program, which take the longest and start first, and the unit tests
 * that depend on the system. The other unit tests reach only pure modules, have the same result on every system, and run
 * on Linux.
 */
async function defaultTests(): Promise<string[]> {
  const unitTests = (await Array.fromAsync(testsBelow(new URL("tests/unit/", TOP))))
    .map((path) => path.slice(fromFileUrl(TOP).length));
  const ofSystem = (await findTestsOfSystem(unitTests))
    .filter((path) => !IGNORED.includes(path) && !path.startsWith(TEST_SUPPORT));
  say(
    `of ${unitTests.length} files of unit tests, the ${ofSystem.length} that depend on the system run on Windows`,
  );
  return [...LINUX_TESTS, ...PROCESS_TESTS, ...ofSystem];
}

/** More than all tests take. */
const MAX_RUN_MS = 600_000;

/** Increment `layout` after a change to the set-up, so that existing folders are made again. */
const STAMP = JSON.stringify({ layout: 1, debian: DEBIAN });

const WINE = new URL("wine/", DEV_FOLDER);
const TOP = new URL("../", DEV_FOLDER);

/** The repository (`/repository`) on the drive that Wine maps to the root folder. */
const WINDOWS_TOP = "Z:\\repository";

/** Runs a program and returns its stdout. Throws an `Error` with its output if it fails. */
async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], env, cwd: WINE, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  throw new Error(`${program} ${args.join(" ")} failed:\n${text}${new TextDecoder().decode(stderr)}`);
}

/** Returns the path of the executable for Windows. */
async function setUp(): Promise<string> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    throw new Error("Cannot run Wine: expected Linux and root, for a Debian in its own namespaces");
  }
  await Deno.mkdir(new URL("layer/", WINE), { recursive: true });
  await makeFolderOnce(
    new URL("deno/", WINE),
    JSON.stringify(WINDOWS_DENO),
    (draft) => unpackFromNpm(WINDOWS_DENO, draft, "package"),
  );
  await makeFolderOnce(new URL("debian/", WINE), STAMP, makeDebian);
  await fetchPackages();
  return (await executablesOnce())["x86_64-pc-windows-msvc"];
}

async function makeDebian(draft: URL): Promise<void> {
  say(`installing Debian ${DEBIAN} with Wine in .dev/wine`);
  const mirror = await debianMirror();
  await installDebootstrap();
  const bootstrap = [
    "debootstrap",
    "--variant=minbase",
    "--include=wine64",
    DEBIAN,
    folderPath(draft),
    mirror,
  ];
  // Its mounts end with the namespace.
  await run("unshare", ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", ...bootstrap]);
  for (const rest of ["var/cache/apt", "var/lib/apt/lists"]) {
    await Deno.remove(new URL(rest, draft), { recursive: true });
  }
  say("initializing Wine");
  const version = `wine64 reg add 'HKCU\\Software\\Wine' /v Version /d win10 /f`;
  const [program = "", ...args] = inside(draft, "kept", [
    "sh",
    "-c",
    // The Wine server writes the registry when it exits.
    `wine64 wineboot --init && ${version} && wineserver --wait`,
  ]);
  await run(program, args);
}

async function installDebootstrap(): Promise<void> {
  if (await run("debootstrap", ["--version"]).then(() => true, () => false)) return;
  say("installing debootstrap with apt-get");
  const install = ["install", "-y", "--no-install-recommends", "debootstrap"];
  await aptGet(install).catch(async () => {
    await aptGet(["update"]);
    await aptGet(install);
  });
}

/** Downloads the packages that main.ts and the tests import. They are the same on every system. */
async function fetchPackages(): Promise<void> {
  const modules = [fromFileUrl(new URL("main.ts", TOP))];
  for await (const path of testsBelow(new URL("tests/", TOP))) modules.push(path);
  const env = { DENO_DIR: folderPath(new URL("deno_dir/", WINE)) };
  await run(Deno.execPath(), ["cache", "--quiet", ...flags(), ...modules], env);
}

async function* testsBelow(folder: URL): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* testsBelow(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith("_test.ts")) yield fromFileUrl(new URL(entry.name, folder));
  }
}

/** Returns the path, below the top folder, as Windows programs see it. */
function windowsPath(path: string): string {
  return `${WINDOWS_TOP}\\${path.slice(fromFileUrl(TOP).length).replaceAll("/", "\\")}`;
}

function flags(): string[] {
  return (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
}

/** Returns the path of a folder without a trailing slash. */
function folderPath(folder: URL): string {
  return fromFileUrl(folder).replace(/\/$/, "");
}

/** Returns the command line that runs `command` in the Debian at `root`. Its changes are kept or discarded. */
function inside(root: URL, changes: "kept" | "discarded", command: readonly string[]): string[] {
  const script = fromFileUrl(import.meta.resolve("./wine_inside.sh"));
  return [
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "sh",
    script,
    folderPath(root),
    changes,
    folderPath(TOP),
    ...command,
  ];
}

/** Returns the command line that runs `deno test` on Deno for Windows, with `executable` as the program. */
function testCommand(args: readonly string[], executable: string): string[] {
  // DENO_FLAGS may contain an absolute path to the import map.
  const windowsFlags = flags().map((flag) =>
    flag.startsWith("--import-map=") ? `--import-map=${WINDOWS_TOP}\\.dev\\import_map.json` : flag
  );
  // The tests wait a quarter of their time.
  const jobs = Deno.env.get("DENO_JOBS") ?? `${navigator.hardwareConcurrency + 1}`;
  const env = {
    ENTRA_AUTH_CLI_EXECUTABLE: windowsPath(executable),
    DENO_FLAGS: windowsFlags.join(" "),
    DENO_DIR: `${WINDOWS_TOP}\\.dev\\wine\\deno_dir`,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    DENO_JOBS: jobs,
  };
  return inside(new URL("debian/", WINE), "discarded", [
    "env",
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    "wine64",
    `${WINDOWS_TOP}\\.dev\\wine\\deno\\package\\deno.exe`,
    // `deno task check` checks the types.
    ...["test", "--parallel", "--no-check", "--allow-all", "--sanitize-ops", "--sanitize-resources"],
    ...windowsFlags,
    ...args,
  ]);
}

/** Runs tests on Windows and prints their output. Ends them if one hangs. Returns the exit code. */
async function testOnWindows(args: readonly string[], executable: string): Promise<number> {
  const [program = "", ...rest] = testCommand(args, executable);
  // A terminal would become the console of the tests.
  const child = new Deno.Command(program, { args: rest, stdin: "null", stdout: "piped" }).spawn();
  // The kill ends its namespaces, too.
  const timer = setTimeout(() => {
    say(`the tests under Wine take more than ${MAX_RUN_MS / 1000} seconds: ending them`);
    child.kill("SIGKILL");
  }, MAX_RUN_MS);
  await child.stdout.pipeTo(Deno.stdout.writable, { preventClose: true });
  const { code } = await child.status;
  clearTimeout(timer);
  return code;
}

/** Writes a program for the shell. Returns its path. */
async function writeProgram(name: string, script: string): Promise<string> {
  const program = fromFileUrl(new URL(name, WINE));
  await Deno.writeTextFile(program, `#!/bin/sh\n${script}\n`);
  await Deno.chmod(program, 0o755);
  return program;
}

/** Runs tests on Linux. Returns the exit code and what they print. */
async function testOnLinux(
  files: readonly string[],
  executable: string,
): Promise<{ code: number; stdout: Uint8Array<ArrayBuffer> }> {
  const temporary = new URL("tmp/", WINE);
  await Deno.mkdir(temporary, { recursive: true });
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
  const top = folderPath(TOP);
  const words = inside(new URL("debian/", WINE), "discarded", []).map(quote).join(" ");
  const debian = await writeProgram("run_in_debian", `exec ${words} "$@"`);
  const windows = (name: string) =>
    `${name}="$(printf %s "$${name}" | sed ${
      quote(`s#^${top}#${WINDOWS_TOP.replace("\\", "\\\\")}#; s#/#\\\\#g`)
    })"`;
  const variables = ["ENTRA_AUTH_CLI_HOME", "ENTRA_AUTH_CLI_CA_CERT"].map(windows).join(" ");
  const starter = await writeProgram(
    "entra-auth-cli",
    `exec ${quote(debian)} env ${variables} wine64 ${quote(windowsPath(executable))} "$@"`,
  );
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...flags(),
      "--allow-all",
      fromFileUrl(import.meta.resolve("../check/test.ts")),
      "--no-check",
      ...files,
    ],
    env: {
      ENTRA_AUTH_CLI_EXECUTABLE: starter,
      ENTRA_AUTH_CLI_CONSOLE: "wine",
      ENTRA_AUTH_CLI_DEBIAN: debian,
      TMPDIR: folderPath(temporary),
    },
    stderr: "inherit",
  });
  return await command.output();
}

const executable = await setUp();
if (Deno.args[0] === "--set-up") Deno.exit(0);
const args = Deno.args.length === 0 ? await defaultTests() : Deno.args;
const isForLinux = (arg: string) => LINUX_TESTS.includes(arg.replace(/^\.\//, ""));
const forLinux = args.filter(isForLinux);
const forWindows = args.filter((arg) => !isForLinux(arg));
const onLinux = forLinux.length === 0 ? null : testOnLinux(forLinux, executable);
const windowsCode = forWindows.length === 0 ? 0 : await testOnWindows(forWindows, executable);
const linux = await onLinux;
if (linux !== null) await Deno.stdout.write(linux.stdout);
Deno.exit(windowsCode || (linux?.code ?? 0));
