/**
 * Provides runtimes for executables where Deno's own cannot be downloaded. npm has Deno 2.7.11, and executables for every
 * target that were made with the same version. Deno reads what was appended last, so such an executable serves as the
 * runtime. For tests on Linux x86_64 only, never for a release.
 */

import { DEV_FOLDER, makeFolderOnce, type PinnedPackage, unpackFromNpm } from "../offline/npm_package.ts";
import type { Target } from "../build/compile/targets.ts";

const DENO: PinnedPackage = {
  name: "@deno/linux-x64-glibc",
  version: "2.7.11",
  integrity:
    "sha512-TCRXqy4rHI+pKmWfjIz/qfDyfTz61qhxj+03kEJ3r0YzRGsXNoHyE7WiUawwUK2hbrBAu7hn3m5833VUYqRzOg==",
};

/** The executable in the package of each target: the end of the package's name, its path, and npm's integrity. */
const RUNTIMES: Readonly<Record<Target, readonly [name: string, path: string, integrity: string]>> = {
  "x86_64-unknown-linux-gnu": [
    "linux-x64",
    "bin/steady",
    "sha512-kp5QdG26EC8gEzVXI0YgzmiiFHz7DFCNRLNfAWa2rDPHr/jUBnfkP8AlbTPmv0YNQpnKn1wzSWHFw88fn/OTog==",
  ],
  "aarch64-unknown-linux-gnu": [
    "linux-arm64",
    "bin/steady",
    "sha512-HjSQdAt40CpYIauUKJ1xyIEsdrf5LtQP1x8Su7BEZJN94807ROJXxabW+jXyc48823tVBkrnxNUUTrBK4TVTRw==",
  ],
  "x86_64-apple-darwin": [
    "darwin-x64",
    "bin/steady",
    "sha512-BYbQhEqBiEd+G9IyXWLpgAcSXFKMr6W3ZQXiOS3O5NnOWv+bNuyo793eBvEJ5fRKiuCV6n/ANVSJZLFOf6Nzog==",
  ],
  "aarch64-apple-darwin": [
    "darwin-arm64",
    "bin/steady",
    "sha512-k5WGyCQl7DDpYWy3BI5TxGIxOdUpMeJ0q7kUi1EYs7Y72B/q0hIKDv3/fCgoZPWBI+N9XjnlSyetaxVQTRvWow==",
  ],
  "x86_64-pc-windows-msvc": [
    "win32-x64",
    "bin/steady.exe",
    "sha512-7ZsJltOYVvMTl6eAy1AKMya7TFhb629FXr/BKZTyQsBrPj28rAaebQSTFYs1IZN0+n6LnJTpue6m4SIkevqBNA==",
  ],
};

/** The paths of Deno and of the matching runtime. */
export interface TestRuntime {
  readonly deno: string;
  readonly denort: string;
}

/** Downloads Deno and the runtime of `target` from npm once, into the ignored folder. Throws an `Error` if npm or tar fails. */
export async function takeTestRuntime(target: Target): Promise<TestRuntime> {
  const [name, path, integrity] = RUNTIMES[target];
  const runtime = { name: `@stdy/cli-${name}`, version: "0.22.2", integrity };
  const [deno, denort] = await Promise.all([
    takeProgram(DENO, "deno"),
    takeProgram(runtime, path),
  ]);
  return { deno, denort };
}

/** Downloads the file `path` of a package. */
async function takeProgram(pinned: PinnedPackage, path: string): Promise<string> {
  const folder = new URL(`compile/${pinned.name.replace("/", "+")}/`, DEV_FOLDER);
  await makeFolderOnce(folder, pinned.integrity, async (draft) => {
    await unpackFromNpm(pinned, draft, "package", [path]);
    await Deno.chmod(new URL(`package/${path}`, draft), 0o755);
  });
  return decodeURIComponent(new URL(`package/${path}`, folder).pathname);
}
