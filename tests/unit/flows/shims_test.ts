import { assert, assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { installShims, removeShims, type ShimFiles } from "../../../src/flows/shims.ts";

/** Collects the files that are created in an empty folder. */
function emptyFolder() {
  const created: Record<string, string> = {};
  const unused = () => Promise.reject(new Error("not used here"));
  const files: ShimFiles = {
    lstat: () => Promise.resolve(null),
    makeFolder: () => Promise.resolve(),
    create(path, data) {
      assert(data instanceof Uint8Array);
      created[path] = new TextDecoder().decode(data);
      return Promise.resolve(FACTS);
    },
    chmod: unused,
    read: unused,
    remove: unused,
  };
  return { created, files, openShimFolder: () => Promise.resolve(files) };
}

const FACTS = {
  kind: "file",
  mode: null,
  isSticky: false,
  uid: null,
  gid: null,
  id: null,
  size: 1,
  changedMs: null,
} as const;

Deno.test("installShims() writes batch files on Windows, with every percent sign of the path doubled", async () => {
  const { created, openShimFolder } = emptyFolder();
  const target = { program: "C:\\100%PATH% ok\\entra-auth-cli.exe", profile: "work" };
  await installShims("C:\\bin", target, { os: "windows", openShimFolder });
  assertEquals(
    Object.keys(created),
    ["az", "azd", "docker-credential-entra-auth-cli"].map((name) => `C:\\bin\\${name}.cmd`),
  );
  assertEquals(
    created["C:\\bin\\az.cmd"],
    "@rem Written by entra-auth-cli install-shims.\r\n" +
      '@"C:\\100%%PATH%% ok\\entra-auth-cli.exe" "az" "--profile" "work" %*\r\n',
  );
});

Deno.test("installShims() refuses a program whose path would end the line of a script", async () => {
  const refused = [["linux", "/opt/a\nb"], ["windows", 'C:\\a" & calc "'], [
    "windows",
    "C:\\a\r\nb",
  ]] as const;
  for (const [os, program] of refused) {
    const { created, openShimFolder } = emptyFolder();
    const target = { program, profile: undefined };
    const error = await assertRejects(() => installShims("/bin", target, { os, openShimFolder }), CliError);
    assertEquals([error.code, created], ["usage", {}]);
  }
});

Deno.test("installShims() and removeShims() leave a link to a shim and a file that only mentions one", async () => {
  const mark = "# Written by entra-auth-cli install-shims.\n";
  const cases = [["symlink", `#!/bin/sh\n${mark}`], ["file", `#!/bin/bash\n${mark}`]] as const;
  for (const [kind, text] of cases) {
    const { created, files } = emptyFolder();
    const taken: ShimFiles = {
      ...files,
      lstat: () => Promise.resolve({ ...FACTS, kind }),
      read: () => Promise.resolve(new TextEncoder().encode(text)),
    };
    const folder = { os: "linux", openShimFolder: () => Promise.resolve(taken) } as const;
    const error = await assertRejects(
      () => installShims("/bin", { program: "/opt/program", profile: undefined }, folder),
      CliError,
    );
    assertEquals([error.code, created], ["usage", {}]);
    assertEquals((await removeShims("/bin", folder)).map(({ kind }) => kind), ["kept", "kept", "kept"]);
  }
});
