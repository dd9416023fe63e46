import { assertEquals, assertThrows } from "@std/assert";
import { cleanEnvironment, defaultOutput, parseTargets, TARGETS } from "../../scripts/compile.ts";

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
