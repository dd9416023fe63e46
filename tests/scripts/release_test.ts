import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import denoJson from "../../deno.json" with { type: "json" };
import { formatBillOfMaterials } from "../../scripts/build/release/bill_of_materials.ts";
import { formatChecksums } from "../../scripts/build/release/checksums.ts";
import { readMaterials } from "../../scripts/build/release/read_materials.ts";

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

Deno.test("readMaterials() finds what the program is made of, pinned, and nothing that only tests use", async () => {
  const materials = await readMaterials();
  const named = materials.map(({ registry, name, version }) => `${registry}:${name}@${version}`);
  for (const name of ["@azure/msal-node", "@cliffy/command", "@std/path"] as const) {
    assert(named.includes(denoJson.imports[name]), named.join("\n"));
  }
  assert(materials.some(({ name }) => name === "jsonwebtoken"), "what MSAL itself is made of");
  const tools = ["oidc-provider", "playwright-core", "fast-check", "@cyclonedx/cyclonedx-library"];
  assertEquals(materials.filter(({ name }) => tools.includes(name)), []);
  assertEquals(new Set(named).size, named.length);
  for (const { registry, integrity } of materials) {
    if (registry === "npm") assertMatch(integrity ?? "", /^sha512-/);
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
