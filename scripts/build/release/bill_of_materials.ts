import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { decodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";

/** A package that the program is made of. */
export interface Material {
  /** Where it is published. */
  readonly registry: "npm" | "jsr";
  /** Its name, with its scope: `@azure/msal-node`. */
  readonly name: string;
  readonly version: string;
  /** What the registry says its bytes are, as `deno.lock` has it: `sha512-` and base64. */
  readonly integrity?: string;
}

/** The program, and what it is made of. */
export interface Materials {
  readonly name: string;
  readonly version: string;
  /** The version of the Deno that is in the executables. */
  readonly deno: string;
  readonly packages: readonly Material[];
}

/** The software bill of materials as a CycloneDX 1.6 document in JSON. The same materials give the same text. */
export function formatBillOfMaterials({ name, version, deno, packages }: Materials): string {
  const bom = new Models.Bom();
  const program = new Models.Component(Enums.ComponentType.Application, name, { version, bomRef: name });
  bom.metadata.component = program;
  const runtime = new Models.Component(Enums.ComponentType.Platform, "deno", {
    version: deno,
    bomRef: "deno",
    purl: `pkg:github/denoland/deno@v${deno}`,
  });
  for (const component of [runtime, ...packages.map(componentOf)]) {
    bom.components.add(component);
    program.dependencies.add(component.bomRef);
  }
  const normalizers = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(normalizers).serialize(bom, { sortLists: true, space: 2 }) + "\n";
}

function componentOf({ registry, name, version, integrity }: Material): Models.Component {
  const purl = `pkg:${registry}/${name.replace("@", "%40")}@${version}`;
  const parts = name.split("/");
  const component = new Models.Component(Enums.ComponentType.Library, parts.at(-1) ?? name, {
    version,
    purl,
    bomRef: purl,
    ...(parts.length > 1 ? { group: parts[0] ?? "" } : {}),
  });
  if (integrity?.startsWith("sha512-")) {
    component.hashes.set(Enums.HashAlgorithm["SHA-512"], encodeHex(decodeBase64(integrity.slice(7))));
  }
  return component;
}
