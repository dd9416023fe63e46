/**
 * Runs the tests that have to do with Windows on Windows' own Deno, under Wine, on a Debian machine where one is root.
 * Arguments, if there are any, are those of `deno test`, with the files to run in place of the usual ones.
 *
 * Everything it takes goes into `.dev/wine/`: a small Debian whose Wine is new enough (from the mirror that apt has), that
 * Deno, and the packages for it. A run sees them through a layer in memory, in namespaces of its own, so that nothing of
 * it is left behind: no mount, no process, no change. Two minutes from nothing, a few seconds from then on.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import {
  DEV_FOLDER,
  makeFolderOnce,
  type PinnedPackage,
  say,
  unpackFromNpm,
} from "../offline/npm_package.ts";

/** The first Debian whose Wine runs Deno. */
const DEBIAN = "trixie";

const WINDOWS_DENO: PinnedPackage = {
  name: "@deno/win32-x64",
  version: "2.9.5",
  integrity:
    "sha512-LkcERsH0olOgevg9L9eootSr1U8ydyfnX1bS3mFqU+lGBeTYtlec5b/QF473WUOGVgPlWECrkxi4As5kEaFOzg==",
};

/** What only Windows itself can pass. */
const IGNORED = [
  // Replaces a file that is always open in somebody's hands, which takes the rename of Windows 10.
  "tests/unit/store/store_readers_test.ts",
  // Wine does not end a read of a connection that the process itself has dropped.
  "tests/unit/loopback/callback_server_close_test.ts",
  // Nor does it hear of all that happens at hundreds of connections.
  "tests/unit/loopback/connections_test.ts",
  // A connection that the other side breaks off looks otherwise there, and Deno sends again what it would not elsewhere.
  "tests/unit/system/network/broken_connection_test.ts",
  "tests/unit/system/network/proxy_error_test.ts",
];

/** One run of `deno test`. */
interface TestRun {
  /** Its arguments. */
  readonly args: readonly string[];
  /** How often it may be tried: Wine now and then loses word of what came in at a socket, so that a test stands still. */
  readonly attempts: number;
}

/** What is tested when nothing is named. */
const RUNS: readonly TestRun[] = [
  { args: ["tests/process/packaging/windows_test.ts"], attempts: 3 },
  { args: ["tests/process/sign_in/sign_in_test.ts"], attempts: 3 },
  { args: ["tests/process/sign_in/system_opener_test.ts"], attempts: 3 },
  { args: ["tests/unit", "--parallel", `--ignore=${IGNORED.join(",")}`], attempts: 2 },
];

const MAX_ATTEMPT_MS = 240_000;

/** Raise `layout` when the folder is made in another way, so that older ones are made again. */
const STAMP = JSON.stringify({ layout: 1, debian: DEBIAN });

const WINE = new URL("wine/", DEV_FOLDER);
const TOP = new URL("../", DEV_FOLDER);

/** Where Wine has the repository: `/repository`, on the drive that stands for the whole system. */
const WINDOWS_TOP = "Z:\\repository";

/** Runs a program and shows what it says only when it fails. Gives its standard output. Throws an `Error`. */
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

async function makeReady(): Promise<void> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    throw new Error("Wine is run from a Debian of its own, which takes Linux and root");
  }
  await Deno.mkdir(new URL("layer/", WINE), { recursive: true });
  await makeFolderOnce(
    new URL("deno/", WINE),
    JSON.stringify(WINDOWS_DENO),
    (draft) => unpackFromNpm(WINDOWS_DENO, draft, "package"),
  );
  await makeFolderOnce(new URL("debian/", WINE), STAMP, makeDebian);
  await fetchPackages();
}

async function makeDebian(draft: URL): Promise<void> {
  say(`making a Debian (${DEBIAN}) with Wine in .dev/wine`);
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
  // What it mounts on its way goes away with the namespace.
  await run("unshare", ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", ...bootstrap]);
  for (const rest of ["var/cache/apt", "var/lib/apt/lists"]) {
    await Deno.remove(new URL(rest, draft), { recursive: true });
  }
  say("making a Windows in it");
  const version = `wine64 reg add 'HKCU\\Software\\Wine' /v Version /d win10 /f`;
  const [program = "", ...args] = inside(draft, "kept", [
    "sh",
    "-c",
    // Wine's server writes the registry as it ends.
    `wine64 wineboot --init && ${version} && wineserver --wait`,
  ]);
  await run(program, args);
}

/** The mirror from which apt has Debian itself. */
async function debianMirror(): Promise<string> {
  const query = ["indextargets", "--format", "$(ORIGIN)|$(SUITE)|$(SITE)", "Created-By: Packages"];
  const find = async () =>
    (await run("apt-get", query)).split("\n").map((line) => line.split("|"))
      .find(([origin, suite = ""]) => origin === "Debian" && !/security|updates|backports/.test(suite))?.[2];
  let mirror = await find();
  if (mirror === undefined) {
    await run("apt-get", ["update"]);
    mirror = await find();
  }
  if (mirror === undefined) throw new Error("apt has no mirror of Debian, which Wine is taken from");
  return mirror;
}

async function installDebootstrap(): Promise<void> {
  if (await run("debootstrap", ["--version"]).then(() => true, () => false)) return;
  say("installing debootstrap with apt-get");
  const install = ["install", "-y", "--no-install-recommends", "debootstrap"];
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", install, env).catch(async () => {
    await run("apt-get", ["update"]);
    await run("apt-get", install, env);
  });
}

/** The packages that main.ts and the tests import are the same on each system: this Deno fetches them for the other. */
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

function flags(): string[] {
  return (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
}

/** The path of a folder, without a slash at its end. */
function folderPath(folder: URL): string {
  return fromFileUrl(folder).replace(/\/$/, "");
}

/** The command line that runs `command` in the Debian at `root`, whose changes are kept or discarded. */
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

/** The command line that runs `deno test` on Windows' Deno. */
function testCommand(args: readonly string[]): string[] {
  // DENO_FLAGS may have an absolute path to the import map in it.
  const windowsFlags = flags().map((flag) =>
    flag.startsWith("--import-map=") ? `--import-map=${WINDOWS_TOP}\\.dev\\import_map.json` : flag
  );
  const env = {
    DENO_FLAGS: windowsFlags.join(" "),
    DENO_DIR: `${WINDOWS_TOP}\\.dev\\wine\\deno_dir`,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
  return inside(new URL("debian/", WINE), "discarded", [
    "env",
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    "wine64",
    `${WINDOWS_TOP}\\.dev\\wine\\deno\\package\\deno.exe`,
    // Types are the business of `deno task check`.
    ...["test", "--no-check", "--allow-all", "--sanitize-ops", "--sanitize-resources"],
    ...windowsFlags,
    ...args,
  ]);
}

/** Tests, and again where that fails, and shows the last result. Gives the exit code. */
async function test({ args, attempts }: TestRun): Promise<number> {
  const [program = "", ...rest] = testCommand(args);
  for (let attempt = 1;; attempt++) {
    const command = new Deno.Command(program, {
      args: rest,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    });
    const child = command.spawn();
    // Its namespaces end with it.
    const timer = setTimeout(() => child.kill("SIGKILL"), MAX_ATTEMPT_MS);
    const { success, code, stdout } = await child.output();
    clearTimeout(timer);
    if (success || attempt === attempts) {
      await new Response(stdout).body?.pipeTo(Deno.stdout.writable, { preventClose: true });
      return code;
    }
    // Indented, so that nobody counts it.
    for (const line of new TextDecoder().decode(stdout).split("\n")) say(`  ${line}`);
    say(`attempt ${attempt} at ${args[0]} failed, which may be Wine's doing: once more`);
  }
}

await makeReady();
let exitCode = 0;
for (const run of Deno.args.length === 0 ? RUNS : [{ args: Deno.args, attempts: 1 }]) {
  exitCode = await test(run) || exitCode;
}
Deno.exit(exitCode);
