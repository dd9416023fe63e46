import { assertEquals, assertThrows } from "@std/assert";
import {
  cleanEnvironment,
  defaultOutput,
  parseTargets,
  permissionFlags,
  TARGETS,
} from "../../scripts/compile.ts";

Deno.test("defaultOutput() puts executables into dist, with the target's name where one is given", () => {
  assertEquals(defaultOutput(undefined, "linux"), "dist/entra-auth-cli");
  assertEquals(defaultOutput(undefined, "windows"), "dist/entra-auth-cli.exe");
  assertEquals(defaultOutput("aarch64-apple-darwin", "linux"), "dist/entra-auth-cli-aarch64-apple-darwin");
  assertEquals(
    defaultOutput("x86_64-pc-windows-msvc", "linux"),
    "dist/entra-auth-cli-x86_64-pc-windows-msvc.exe",
  );
});

Deno.test("cleanEnvironment() keeps what deno compile would bake in out of its environment", () => {
  const env = {
    DENO_CERT: "x",
    DENO_TLS_CA_STORE: "system",
    OTEL_DENO: "true",
    NODE_EXTRA_CA_CERTS: "x",
    DENO_DIR: "/cache",
    DENORT_BIN: "/runtime",
    PATH: "/bin",
    DENOTES: "kept",
  };
  assertEquals(cleanEnvironment(env), {
    DENO_DIR: "/cache",
    DENORT_BIN: "/runtime",
    PATH: "/bin",
    DENOTES: "kept",
  });
});

Deno.test("parseTargets() knows the five targets and names them to who asks for another", () => {
  assertEquals(parseTargets(undefined), [undefined]);
  assertEquals(parseTargets("x86_64-apple-darwin"), ["x86_64-apple-darwin"]);
  assertEquals(parseTargets("all").length, 5);
  const error = assertThrows(() => parseTargets("sparc"), Error, 'Cannot compile for "sparc"');
  assertEquals(TARGETS.every((target) => error.message.includes(target)), true);
});

const PERMISSIONS = { default: { net: ["login.example:443", "[::1]"], run: ["xdg-open"], ffi: [] } };

Deno.test("permissionFlags() grants the permission set alone when nothing is to be added", () => {
  assertEquals(permissionFlags(PERMISSIONS, { alsoNet: [], alsoRun: [] }), [
    "--permission-set=default",
    "--no-prompt",
  ]);
});

Deno.test("permissionFlags() adds to the lists of the permission set, whose place a flag takes", () => {
  assertEquals(
    permissionFlags(PERMISSIONS, { alsoNet: ["localhost", "login.test"], alsoRun: ["/bin/a b"] }),
    [
      "--permission-set=default",
      "--no-prompt",
      "--allow-net=login.example:443,[::1],localhost,login.test",
      "--allow-run=xdg-open,/bin/a b",
    ],
  );
});

Deno.test("permissionFlags() grants every program to who asks for that, and never every host", () => {
  assertEquals(permissionFlags(PERMISSIONS, { alsoNet: [], alsoRun: ["curl", "*"] }).slice(2), [
    "--allow-run",
  ]);
  assertEquals(permissionFlags(PERMISSIONS, { alsoNet: ["*"], alsoRun: [] }).slice(2), [
    "--allow-net=login.example:443,[::1],*",
  ]);
});

Deno.test("permissionFlags() refuses a name that would grant something else or everything", () => {
  for (const name of ["a,b", ""]) {
    const error = assertThrows(() => permissionFlags(PERMISSIONS, { alsoNet: [], alsoRun: [name] }), Error);
    assertEquals(error.message, `Cannot grant run for "${name}": name one at a time`);
  }
});
