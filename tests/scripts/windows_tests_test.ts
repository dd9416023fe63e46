import { assertEquals } from "@std/assert";
import type { SourceFile } from "../../scripts/check/import_graph.ts";
import { testsOfSystem } from "../../scripts/windows/system_tests.ts";

/** A file that imports `targets`; of one that starts with "type " only types. */
function file(path: string, targets: readonly string[], text = ""): SourceFile {
  const imports = targets.map((target) => ({
    target: target.replace(/^type /, ""),
    typeOnly: target.startsWith("type "),
  }));
  return { path, text, imports };
}

Deno.test("testsOfSystem() leaves out a test that reaches only pure modules", () => {
  const files = [
    file(
      "tests/pure_test.ts",
      ["src/pure.ts", "type src/system/files.ts", "@std/assert"],
      `// Deno.stat()
       /** Not Deno.open(). */
       Deno.test("x", () => Deno.inspect(new Deno.errors.NotFound()))`,
    ),
    file("src/pure.ts", ["src/other.ts"]),
    file("src/other.ts", ["src/pure.ts"]),
    file("src/system/files.ts", [], "Deno.stat()"),
  ];
  assertEquals(testsOfSystem(["tests/pure_test.ts"], files), []);
});

Deno.test("testsOfSystem() keeps a test that depends on the system, itself or through a module", () => {
  const files = [
    file("own_test.ts", [], "Deno.build.os"),
    file("path_test.ts", ["@std/path/join"]),
    file("node_test.ts", ["src/a.ts"]),
    file("src/a.ts", ["src/b.ts"]),
    file("src/b.ts", ["node:crypto"]),
    file("system_test.ts", ["src/system/clock.ts"]),
    file("src/system/clock.ts", []),
  ];
  const tests = ["own_test.ts", "path_test.ts", "node_test.ts", "system_test.ts"];
  assertEquals(testsOfSystem(tests, files), tests);
});
