import { CLOUDS } from "../../identity/cloud.ts";

/** The claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A claim that is a text, or undefined. Only claims of its own count: nothing comes from a prototype. */
export function textClaim(claims: Claims, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** A claim that is a list of texts, or one text of words; empty where it is neither. */
export function listClaim(claims: Claims, name: string): string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The APIs of Microsoft's that tokens are most often for, by the forms in which `aud` names them. */
const AUDIENCES: readonly (readonly [name: string, ...audiences: string[]])[] = [
  ["Microsoft Graph", "00000003-0000-0000-c000-000000000000", ...CLOUDS.map(({ graph }) => graph)],
  [
    "Azure Resource Manager",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    "https://management.azure.com",
    "https://management.core.windows.net",
  ],
  ["Azure DevOps", "499b84ac-1321-427f-aa17-267ca6975798"],
  ["Azure Key Vault", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "https://vault.azure.net"],
  ["Azure Storage", "e406a681-f3d4-42a8-90b6-c2b029497af1", "https://storage.azure.com"],
  ["Azure SQL", "022907d3-0f1b-48f7-badc-1ba6abab6d66", "https://database.windows.net"],
  ["Azure Kubernetes Service", "6dae42f8-4368-4678-94ff-3960e28e3630"],
];

/** What the API is called that a token is for, where that is known. */
export function audienceName(audience: string): string | undefined {
  const bare = audience.replace(/\/+$/, "").toLowerCase();
  return AUDIENCES.find(([_, ...audiences]) => audiences.includes(bare))?.[0];
}

/** How an application proved itself, as `azpacr` and `appidacr` number it. */
const PROOFS: Readonly<Record<string, string>> = {
  "0": "as a public client",
  "1": "with a client secret",
  "2": "with a certificate",
};

/** How the application that asked for the token proved itself, where the token says. */
export function clientAuthentication(claims: Claims): string | undefined {
  return PROOFS[textClaim(claims, "azpacr", "appidacr") ?? ""];
}
