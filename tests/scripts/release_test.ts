import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path/join";
import denoJson from "../../deno.json" with { type: "json" };
import { bundledModules } from "../../scripts/build/bundle.ts";
import { formatBillOfMaterials } from "../../scripts/build/release/bill_of_materials.ts";
import { checkDownloads, parseSums } from "../../scripts/build/release/downloads.ts";
import type { Target } from "../../scripts/build/compile/targets.ts";
import { formatChecksums } from "../../scripts/build/release/checksums.ts";
import { reachedPackages, readMaterials } from "../../scripts/build/release/read_materials.ts";

Deno.test("formatChecksums() lists files by name, as sha256sum does", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-sums-" });
  try {
    await Deno.writeTextFile(join(folder, "b"), "");
    await Deno.writeTextFile(join(folder, "a"), "abc");
    assertEquals(
      await formatChecksums(folder, ["b", "a"]),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n" +
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The packages of modules: from npm by the path in Deno's cache, from JSR by the address. */
function packagesOf(modules: readonly string[]): string[] {
  const fromNpm = /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d[^/]*)\//;
  const fromJsr = /^https?:\/\/[^/]+\/(@[^/]+\/[^/]+)\/(\d[^/]*)\//;
  const found = modules.flatMap((module) => {
    const [, name, version] = fromNpm.exec(module) ?? fromJsr.exec(module) ?? [];
    return name === undefined ? [] : [`${name}@${version}`];
  });
  return [...new Set(found)].sort();
}

Deno.test("the bill of materials lists the packages whose code is in the program, pinned, and no other", async () => {
  const materials = await readMaterials();
  const modules = await bundledModules();
  // Stand-ins for the packages of JSR are in other places, under other names.
  const counts = modules.some((module) => /^https?:/.test(module)) ? ["npm", "jsr"] : ["npm"];
  const listed = materials.filter(({ registry }) => counts.includes(registry));
  assertEquals(listed.map(({ name, version }) => `${name}@${version}`).sort(), packagesOf(modules));

  const named = materials.map(({ registry, name, version }) => `${registry}:${name}@${version}`);
  for (const name of ["@azure/msal-node", "@cliffy/command", "@std/path"] as const) {
    assert(named.includes(denoJson.imports[name]), named.join("\n"));
  }
  for (const { registry, integrity } of materials) {
    if (registry === "npm") assertMatch(integrity ?? "", /^sha512-/);
  }
});

Deno.test("reachedPackages() follows imports of code and dependencies of packages, not types, what the bundle leaves out or what is only in the lock", () => {
  const code = (specifier: string) => ({ specifier, code: { specifier } });
  const npm = (name: string, ...dependencies: string[]) => ({ name, version: "1.0.0", dependencies });
  const registry = "https://jsr.example";
  const graph = {
    roots: ["file:///main.ts"],
    redirects: { "jsr:@a/b@1": `${registry}/@a/b/1.2.0/mod.ts`, "npm:used@1": "npm:/used@1.0.0" },
    modules: [
      {
        specifier: "file:///main.ts",
        dependencies: [code("jsr:@a/b@1"), code("npm:used@1"), { specifier: "npm:types" }],
      },
      {
        specifier: `${registry}/@a/b/1.2.0/mod.ts`,
        dependencies: [code(`${registry}/@a/deep/2.0.0/mod.ts`)],
      },
      { specifier: `${registry}/@a/deep/2.0.0/mod.ts` },
      { specifier: "npm:/used@1.0.0", npmPackage: "used@1.0.0" },
      { specifier: "npm:types", npmPackage: "types@1.0.0" },
    ],
    npmPackages: {
      "used@1.0.0": npm("used", "below@1.0.0", "jsonwebtoken@1.0.0"),
      "jsonwebtoken@1.0.0": npm("jsonwebtoken"),
      "below@1.0.0": npm("below", "used@1.0.0"),
      "types@1.0.0": npm("types"),
      "of-a-test@1.0.0": npm("of-a-test"),
    },
    packages: {
      "@a/b@1": "@a/b@1.2.0",
      "@a/deep@^2": "@a/deep@2.0.0",
      "@a/of-a-test@1": "@a/of-a-test@1.0.0",
    },
  };
  assertEquals(reachedPackages(graph, {}), [
    { registry: "jsr", name: "@a/b", version: "1.2.0" },
    { registry: "jsr", name: "@a/deep", version: "2.0.0" },
    { registry: "npm", name: "below", version: "1.0.0" },
    { registry: "npm", name: "used", version: "1.0.0" },
  ]);
});

Deno.test("checkDownloads() refuses a download that is not pinned, has another sum, or was not used", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-downloads-" });
  try {
    const runtime = "denort-x86_64-unknown-linux-gnu.zip";
    await Deno.mkdir(join(folder, "release"));
    await Deno.writeTextFile(join(folder, "release", runtime), "abc");
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const check = (sums: string, target: Target = "x86_64-unknown-linux-gnu") =>
      checkDownloads(folder, [target], parseSums(sums));
    await check(`# a comment\n${abc}  ${runtime}\n`);
    await assertRejects(() => check(""), Error, `${runtime} is not pinned: found ${abc}`);
    await assertRejects(() => check(`${"0".repeat(64)}  ${runtime}\n`), Error, "has the wrong sum");
    const other = () => check(`${abc}  ${runtime}\n`, "aarch64-apple-darwin");
    await assertRejects(other, Error, "denort-aarch64-apple-darwin.zip was not downloaded");
    assertThrows(() => parseSums("abc\n"), Error, "expected HASH  NAME");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("formatBillOfMaterials() writes CycloneDX, the same each time", () => {
  const materials = {
    name: "entra-auth-cli",
    version: "1.2.3",
    deno: "2.9.6",
    packages: [{
      registry: "npm",
      name: "@azure/msal-node",
      version: "7.2.1",
      integrity: `sha512-${btoa("x".repeat(64))}`,
    }],
  } as const;
  const text = formatBillOfMaterials(materials);
  assertEquals(formatBillOfMaterials(materials), text);
  const { bomFormat, specVersion, metadata, components, dependencies } = JSON.parse(text);
  assertEquals([bomFormat, specVersion, metadata.component.version], ["CycloneDX", "1.6", "1.2.3"]);
  const [deno, msal] = components;
  assertEquals([deno.name, deno.version], ["deno", "2.9.6"]);
  assertEquals([msal.group, msal.name, msal.purl], [
    "@azure",
    "msal-node",
    "pkg:npm/%40azure/msal-node@7.2.1",
  ]);
  assertEquals(msal.hashes, [{ alg: "SHA-512", content: "78".repeat(64) }]);
  assertEquals(dependencies.find(({ ref }: { ref: string }) => ref === "entra-auth-cli").dependsOn, [
    "deno",
    "pkg:npm/%40azure/msal-node@7.2.1",
  ]);
});
