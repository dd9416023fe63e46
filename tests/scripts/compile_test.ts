import { assertEquals, assertThrows } from "@std/assert";
import { executableGrants } from "../../scripts/build/compile.ts";
import { cleanEnvironment } from "../../scripts/build/compile/deno_compile.ts";
import { defaultOutput, parseTargets, TARGETS } from "../../scripts/build/compile/targets.ts";

Deno.test("defaultOutput() puts executables into dist, with the target's name where one is given", () => {
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  assertEquals(defaultOutput(undefined), `dist/entra-auth-cli${suffix}`);
  assertEquals(defaultOutput("aarch64-apple-darwin"), "dist/entra-auth-cli-aarch64-apple-darwin");
  assertEquals(defaultOutput("x86_64-pc-windows-msvc"), "dist/entra-auth-cli-x86_64-pc-windows-msvc.exe");
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

const PERMISSIONS = {
  read: true,
  write: true,
  net: ["login.example:443", "[::1]"],
  env: ["HOME", "USERPROFILE", "DISPLAY"],
  run: ["xdg-open", "open"],
  ffi: ["crypt32.dll"],
};

Deno.test("executableGrants() takes of the permission set what the system has a use for", () => {
  assertEquals(executableGrants(PERMISSIONS, "linux", {}), {
    read: true,
    write: true,
    net: PERMISSIONS.net,
    env: ["HOME", "DISPLAY"],
    run: ["xdg-open"],
    sys: [],
    ffi: [],
  });
  const { env, run, ffi } = executableGrants(PERMISSIONS, "windows", {});
  assertEquals({ env, run, ffi }, { env: ["USERPROFILE"], run: [], ffi: ["crypt32.dll"] });
});

Deno.test("executableGrants() adds hosts, programs and variables, every program to who asks for that, and never every host", () => {
  const more = executableGrants(PERMISSIONS, "darwin", {
    alsoNet: ["localhost", "*"],
    alsoRun: ["/bin/a b"],
    alsoEnv: ["MY_ASSERTION"],
  });
  assertEquals(more.net, [...PERMISSIONS.net, "localhost", "*"]);
  assertEquals(more.run, ["open", "/bin/a b"]);
  assertEquals(more.env, ["HOME", "MY_ASSERTION"]);
  assertEquals(executableGrants(PERMISSIONS, "darwin", { alsoRun: ["curl", "*"] }).run, true);
});

Deno.test("executableGrants() closes reading and writing to all but one folder", () => {
  const { read, write } = executableGrants(PERMISSIONS, "linux", { home: "/home/ada/.entra-auth-cli" });
  assertEquals([read, write], [["/home/ada/.entra-auth-cli"], ["/home/ada/.entra-auth-cli"]]);
});
