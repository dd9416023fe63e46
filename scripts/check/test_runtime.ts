/**
 * Provides a runtime for executables where Deno's own cannot be downloaded. npm has Deno 2.7.11, and an executable that was
 * made with the same version. Deno reads what was appended last, so that executable serves as the runtime. For tests on
 * Linux x86_64 only, never for a release.
 */

import { DEV_FOLDER, makeFolderOnce, type PinnedPackage, unpackFromNpm } from "../offline/npm_package.ts";

const DENO: PinnedPackage = {
  name: "@deno/linux-x64-glibc",
  version: "2.7.11",
  integrity:
    "sha512-TCRXqy4rHI+pKmWfjIz/qfDyfTz61qhxj+03kEJ3r0YzRGsXNoHyE7WiUawwUK2hbrBAu7hn3m5833VUYqRzOg==",
};

const RUNTIME: PinnedPackage = {
  name: "@stdy/cli-linux-x64",
  version: "0.22.2",
  integrity:
    "sha512-kp5QdG26EC8gEzVXI0YgzmiiFHz7DFCNRLNfAWa2rDPHr/jUBnfkP8AlbTPmv0YNQpnKn1wzSWHFw88fn/OTog==",
};

/** The paths of Deno and of the matching runtime. */
export interface TestRuntime {
  readonly deno: string;
  readonly denort: string;
}

/** Takes both from npm once, into the ignored folder. Throws an `Error` if npm or tar fails. */
export async function takeTestRuntime(): Promise<TestRuntime> {
  const folder = new URL("compile/", DEV_FOLDER);
  const stamp = JSON.stringify([DENO.integrity, RUNTIME.integrity]);
  await makeFolderOnce(folder, stamp, async (draft) => {
    await unpackFromNpm(DENO, draft, "deno", ["deno"]);
    await unpackFromNpm(RUNTIME, draft, "runtime", ["bin/steady"]);
    await Deno.chmod(new URL("deno/deno", draft), 0o755);
    await Deno.chmod(new URL("runtime/bin/steady", draft), 0o755);
  });
  return {
    deno: decodeURIComponent(new URL("deno/deno", folder).pathname),
    denort: decodeURIComponent(new URL("runtime/bin/steady", folder).pathname),
  };
}
