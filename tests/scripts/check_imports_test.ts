import { assertEquals, assertThrows } from "@std/assert";
import { validateBroker, validateImports } from "../../scripts/check/check_imports.ts";
import {
  filesWithOneImporter,
  importCycles,
  importsOf,
  type SourceFile,
} from "../../scripts/check/import_graph.ts";

function file(path: string, targets: readonly string[], text = ""): SourceFile {
  const imports = targets.map((target) => ({
    target: target.replace(/^type /, ""),
    typeOnly: target.startsWith("type "),
  }));
  return { path, text, imports };
}

Deno.test("validateImports() accepts imports that point downwards", () => {
  const files = [
    file("main.ts", ["src/app.ts", "src/system/system.ts"], "Deno.exit(1)"),
    file("src/app.ts", ["src/cli/x.ts", "src/wiring/x.ts", "type src/system/x.ts"]),
    file("src/wiring/x.ts", ["src/cli/x.ts", "src/entra/x.ts", "src/system/x.ts"]),
    file("src/cli/x.ts", [
      "src/flows/x.ts",
      "src/cli/y.ts",
      "type src/system/x.ts",
      "@cliffy/table",
    ]),
    file("src/flows/x.ts", ["type src/entra/x.ts", "type src/store/x.ts", "src/errors.ts"]),
    file("src/entra/x.ts", ["@azure/msal-node", "type src/profiles/profile.ts", "@std/encoding/base64url"]),
    file("src/loopback/callback_server.ts", ["src/errors.ts"], "Deno.serve({})"),
    file("src/store/keystore/x.ts", ["src/errors.ts", "type src/system/x.ts"], "Deno.dlopen('x')"),
    file("src/system/x.ts", ["src/errors.ts", "node:os"], "Deno.env"),
    file("src/identity/token.ts", ["src/text/secret.ts"]),
  ];
  assertEquals(validateImports(files), []);
});

Deno.test("validateImports() reports file, import and rule of an import that points upwards", () => {
  assertEquals(validateImports([file("src/entra/x.ts", ["src/flows/y.ts"])]), [
    "src/entra/x.ts imports src/flows/y.ts: src/entra may not import from src/flows",
  ]);
});

Deno.test("validateImports() reports a value from a layer of which only types may be imported", () => {
  assertEquals(validateImports([file("src/flows/x.ts", ["src/store/y.ts"])]), [
    "src/flows/x.ts imports src/store/y.ts: src/flows may import only types from src/store",
  ]);
});

Deno.test("validateImports() reports types from a layer that may not be imported", () => {
  assertEquals(validateImports([file("src/cli/x.ts", ["type src/entra/y.ts"])]), [
    "src/cli/x.ts imports src/entra/y.ts: src/cli may not import from src/entra",
  ]);
});

Deno.test("validateImports() reports every import of src/errors.ts", () => {
  assertEquals(validateImports([file("src/errors.ts", ["src/system/os.ts", "@std/path/join"])]).length, 2);
});

Deno.test("validateImports() keeps MSAL in src/entra and Cliffy in src/cli", () => {
  assertEquals(validateImports([file("src/cli/x.ts", ["@azure/msal-node"])]), [
    "src/cli/x.ts imports @azure/msal-node: only src/entra may import it",
  ]);
  assertEquals(validateImports([file("src/flows/x.ts", ["type @cliffy/command"])]), [
    "src/flows/x.ts imports @cliffy/command: only src/cli may import it",
  ]);
});

Deno.test("validateImports() reports packages and files outside the layout", () => {
  const complaints = validateImports([file("src/flows/x.ts", ["left-pad", "tests/support/x.ts", "node:fs"])]);
  assertEquals(complaints, [
    "src/flows/x.ts imports left-pad: no layer may import the package",
    "src/flows/x.ts imports tests/support/x.ts: the program imports nothing from outside src",
    "src/flows/x.ts imports node:fs: Node's modules belong to src/system",
  ]);
});

Deno.test("validateImports() finds uses of Deno in code, not in comments or strings", () => {
  const inComment = "// Deno.serve does it\n/** As Deno.open. */\nconst x = 1; // Deno.exit\n";
  assertEquals(validateImports([file("src/flows/x.ts", [], inComment)]), []);
  assertEquals(validateImports([file("src/text/secret.ts", [], 'Symbol.for("Deno.customInspect")')]), []);
  assertEquals(validateImports([file("src/flows/x.ts", [], "const x = Deno.env.get('X');")]).length, 1);
  assertEquals(validateImports([file("src/flows/x.ts", [], "const x = Deno['env'];")]).length, 1);
});

Deno.test("validateImports() reports setTimeout(), which makes Deno 2.9 load Node's timers", () => {
  assertEquals(validateImports([file("src/flows/x.ts", [], "setTimeout(f, 1);")]).length, 1);
  assertEquals(validateImports([file("src/flows/x.ts", [], "// setTimeout() is slow")]), []);
});

Deno.test("validateImports() reports a file outside every layer", () => {
  assertEquals(validateImports([file("src/utils/x.ts", [])]), [
    "src/utils/x.ts: the file belongs to no layer",
  ]);
});

Deno.test("importsOf() returns paths of files and names of packages, and marks types", () => {
  const module = {
    specifier: "file:///repo/src/flows/x.ts",
    dependencies: [
      { specifier: "../errors.ts", code: { specifier: "file:///repo/src/errors.ts" } },
      { specifier: "../store/y.ts", type: { specifier: "file:///repo/src/store/y.ts" } },
      { specifier: "@std/path/join", code: { specifier: "file:///repo/.dev/jsr/std/path/join.js" } },
    ],
  };
  assertEquals(importsOf(module, "file:///repo/"), [
    { target: "src/errors.ts", typeOnly: false },
    { target: "src/store/y.ts", typeOnly: true },
    { target: "@std/path/join", typeOnly: false },
  ]);
});

Deno.test("importsOf() throws for an import that Deno could not resolve", () => {
  const module = {
    specifier: "file:///repo/main.ts",
    dependencies: [{ specifier: "nowhere", code: { error: "not in the import map" } }],
  };
  assertThrows(() => importsOf(module, "file:///repo/"), Error, "Cannot resolve nowhere");
});

Deno.test("importCycles() finds cycles through types and over several files", () => {
  const files = [
    file("src/a.ts", ["src/b.ts", "src/d.ts"]),
    file("src/b.ts", ["type src/c.ts"]),
    file("src/c.ts", ["src/a.ts"]),
    file("src/d.ts", ["@std/path/join"]),
    file("src/e.ts", ["src/e.ts"]),
  ];
  assertEquals(importCycles(files), [["src/a.ts", "src/b.ts", "src/c.ts"], ["src/e.ts"]]);
  assertEquals(importCycles(files.slice(3, 4)), []);
});

Deno.test("filesWithOneImporter() counts importers, not imports", () => {
  const files = [
    file("src/a.ts", ["src/b.ts", "type src/b.ts", "src/c.ts"]),
    file("src/b.ts", ["src/c.ts"]),
    file("src/c.ts", []),
  ];
  assertEquals(filesWithOneImporter(files), ["src/b.ts"]);
});

Deno.test("validateBroker() reports a package that the broker loads through another module, and a long broker", () => {
  const late = { target: "src/cli/late.ts", typeOnly: false, dynamic: true };
  const broker = file("src/broker.ts", [
    "src/cli/x.ts",
    "@std/path/join",
    "deno.json",
    "type @cliffy/command",
  ]);
  const files = [
    { ...broker, imports: [...broker.imports, late] },
    file("src/cli/x.ts", ["src/cli/y.ts"]),
    file("src/cli/y.ts", ["jose"]),
    // What other modules load late runs in the worker.
    { ...file("src/cli/late.ts", []), imports: [{ target: "qr", typeOnly: false, dynamic: true }] },
  ];
  assertEquals(validateBroker(files), [
    "src/cli/y.ts imports jose: the broker loads it, and may load only @std",
  ]);
  files[3] = file("src/cli/late.ts", ["qr"]);
  assertEquals(validateBroker(files).length, 2);
  assertEquals(validateBroker([{ ...broker, imports: [], text: "\n".repeat(151) + "x" }]), [
    "src/broker.ts has 152 lines: at most 150 are allowed",
  ]);
});
