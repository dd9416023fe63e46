/**
 * Where Deno's runtime for executables can't be downloaded, npm has what is enough for tests: Deno 2.6.8, and an
 * executable that somebody made with a neighbouring version, which serves as the runtime since Deno reads what was
 * appended last. Linux on x86_64 only, and never for a release.
 */

import { DEV_FOLDER, makeFolderOnce, type PinnedPackage, unpackFromNpm } from "../offline/npm_package.ts";

const DENO: PinnedPackage = {
  name: "@deno/linux-x64-glibc",
  version: "2.6.8",
  integrity:
    "sha512-oY6qIbyrEHt+rzk7oHJ8KZgJ3mOQ1econRWcXlm/wOXORVDn7l9rEoY0vlOf4Qvv22tPTD5Jn1bxm6WBZBXmog==",
};

const RUNTIME: PinnedPackage = {
  name: "@dgellow/rfc-linux-x64",
  version: "0.0.6",
  integrity:
    "sha512-KhBrVX6QaG7aMXZfZJmzXHx7W0JLohhJr+96z16WhoaHvSRaiMu2ohkmEFeUPo52Mws6ZGqVRA6bMzYB6ZL65g==",
};

/** The paths of a Deno and of the runtime that goes with it. */
export interface TestRuntime {
  readonly deno: string;
  readonly denort: string;
}

/** Takes both from npm once, into the ignored folder. Throws an `Error` where npm or tar fail. */
export async function takeTestRuntime(): Promise<TestRuntime> {
  const folder = new URL("compile/", DEV_FOLDER);
  const stamp = JSON.stringify([DENO.integrity, RUNTIME.integrity]);
  await makeFolderOnce(folder, stamp, async (draft) => {
    await unpackFromNpm(DENO, draft, "deno", ["deno"]);
    await unpackFromNpm(RUNTIME, draft, "runtime", ["bin/rfc"]);
    await Deno.chmod(new URL("deno/deno", draft), 0o755);
    await Deno.chmod(new URL("runtime/bin/rfc", draft), 0o755);
  });
  return {
    deno: decodeURIComponent(new URL("deno/deno", folder).pathname),
    denort: decodeURIComponent(new URL("runtime/bin/rfc", folder).pathname),
  };
}
