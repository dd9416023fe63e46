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
import { debianMirror } from "../offline/debian_package.ts";
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

/** One run of `deno test`. */
interface TestRun {
  /** Arguments of `deno test`. */
  readonly args: readonly string[];
  /** The maximum number of attempts. Wine sometimes loses a socket event, and a test then hangs. */
  readonly attempts: number;
  /** The executable that the tests of the program run. Default: the source. */
  readonly executable?: string;
}

/** Files of tests of the program, which run one after the other. */
const PROCESS_TESTS = [
  "tests/process/packaging/windows_test.ts",
  "tests/process/packaging/windows_executable_test.ts",
  "tests/process/sign_in/sign_in_test.ts",
  "tests/process/sign_in/system_opener_test.ts",
];

/** Tests of the tests' own tools: what the process tests use of them runs here with those. */
const TEST_SUPPORT = "tests/unit/support/";

/**
 * Returns the default runs: tests of the program, and the unit tests that depend on the system. The other unit tests reach
 * only pure modules, have the same result on every system, and run on Linux.
 */
async function defaultRuns(executable: string): Promise<TestRun[]> {
  const unitTests = (await Array.fromAsync(testsBelow(new URL("tests/unit/", TOP))))
    .map((path) => path.slice(fromFileUrl(TOP).length));
  const ofSystem = (await findTestsOfSystem(unitTests))
    .filter((path) => !IGNORED.includes(path) && !path.startsWith(TEST_SUPPORT));
  say(
    `of ${unitTests.length} files of unit tests, the ${ofSystem.length} that depend on the system run on Windows`,
  );
  return [
    ...PROCESS_TESTS.map((path) => ({ args: [path], attempts: 3, executable })),
    { args: ["--parallel", ...ofSystem], attempts: 2 },
  ];
}

const MAX_ATTEMPT_MS = 400_000;

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
  const mirror = await findMirror();
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

async function findMirror(): Promise<string> {
  const known = await debianMirror();
  if (known !== null) return known;
  await aptGet(["update"]);
  const mirror = await debianMirror();
  if (mirror === null) throw new Error("Cannot install Wine: apt has no Debian mirror");
  return mirror;
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

/** Waits for the apt-get of another task, which dev.sh runs under the same lock. */
async function aptGet(args: readonly string[]): Promise<void> {
  const lock = fromFileUrl(new URL("apt.lock", DEV_FOLDER));
  await run("flock", [lock, "apt-get", ...args], { DEBIAN_FRONTEND: "noninteractive" });
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

/** Returns the command line that runs `deno test` on Deno for Windows, with `executable` as the program if there is one. */
function testCommand({ args, executable }: TestRun): string[] {
  // DENO_FLAGS may contain an absolute path to the import map.
  const windowsFlags = flags().map((flag) =>
    flag.startsWith("--import-map=") ? `--import-map=${WINDOWS_TOP}\\.dev\\import_map.json` : flag
  );
  const env = {
    DENO_FLAGS: windowsFlags.join(" "),
    DENO_DIR: `${WINDOWS_TOP}\\.dev\\wine\\deno_dir`,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    ...(executable === undefined ? {} : { ENTRA_AUTH_CLI_EXECUTABLE: windowsPath(executable) }),
  };
  return inside(new URL("debian/", WINE), "discarded", [
    "env",
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    "wine64",
    `${WINDOWS_TOP}\\.dev\\wine\\deno\\package\\deno.exe`,
    // `deno task check` checks the types.
    ...["test", "--no-check", "--allow-all", "--sanitize-ops", "--sanitize-resources"],
    ...windowsFlags,
    ...args,
  ]);
}

/** Runs the tests until they pass or no attempt is left, and prints the last result. Returns the exit code. */
async function test(run: TestRun): Promise<number> {
  const { args, attempts } = run;
  const [program = "", ...rest] = testCommand(run);
  for (let attempt = 1;; attempt++) {
    const command = new Deno.Command(program, {
      args: rest,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    });
    const child = command.spawn();
    // The kill ends its namespaces, too.
    const timer = setTimeout(() => child.kill("SIGKILL"), MAX_ATTEMPT_MS);
    const { success, code, stdout } = await child.output();
    clearTimeout(timer);
    if (success || attempt === attempts) {
      await new Response(stdout).body?.pipeTo(Deno.stdout.writable, { preventClose: true });
      return code;
    }
    // Indented, so that .ci/run does not count it.
    for (const line of new TextDecoder().decode(stdout).split("\n")) say(`  ${line}`);
    say(`attempt ${attempt} of ${args[0]} failed, possibly because of Wine: retrying`);
  }
}

const executable = await setUp();
if (Deno.args[0] === "--set-up") Deno.exit(0);
let exitCode = 0;
const named = [{ args: Deno.args, attempts: 1, executable }];
for (const run of Deno.args.length === 0 ? await defaultRuns(executable) : named) {
  exitCode = await test(run) || exitCode;
}
Deno.exit(exitCode);
