import { CliError } from "../errors.ts";
import type { Environment } from "../system/environment.ts";
import { checkClientId, checkGuid } from "./validate_fields.ts";
import { MANAGED_IDENTITY, type Profile } from "./profile.ts";

/** Which of the identities that Azure gave a machine: its own, or one that a user assigned to it. */
export type ManagedIdentity =
  | { readonly kind: "system" }
  | { readonly kind: "client-id" | "object-id" | "resource-id"; readonly id: string };

/** What the user typed about the identity; absent means not typed. */
export interface ManagedIdentityFlags {
  /** `--client-id`. */
  readonly clientId?: string | undefined;
  /** `--identity-resource-id`. */
  readonly identityResourceId?: string | undefined;
  /** `--identity-object-id`. */
  readonly identityObjectId?: string | undefined;
}

/** An Azure resource id. Nothing in it that would end it in a query. */
const RESOURCE_ID = /^\/subscriptions\/[\w.()/-]+$/i;
const PREFIXES = { "object-id": "object-id:", "resource-id": "resource-id:" } as const;

/**
 * The identity to use: a flag beats `AZURE_CLIENT_ID`, which beats the profile, if that is for a managed identity.
 *
 * @throws {CliError} `usage` for two at once or a malformed one.
 */
export function resolveManagedIdentity(
  flags: ManagedIdentityFlags,
  env: Environment,
  profile: Profile | null,
): ManagedIdentity {
  const { clientId, identityResourceId, identityObjectId } = flags;
  if ([clientId, identityResourceId, identityObjectId].filter((flag) => flag !== undefined).length > 1) {
    throw new CliError("usage", "More than one managed identity is named", {
      hint: "Give one of --client-id, --identity-resource-id and --identity-object-id.",
    });
  }
  if (identityResourceId !== undefined) {
    return { kind: "resource-id", id: checkResourceId(identityResourceId) };
  }
  if (identityObjectId !== undefined) {
    return {
      kind: "object-id",
      id: checkGuid(identityObjectId, "Object ID", "a GUID, the identity's principal ID"),
    };
  }
  const kept = profile?.flow === "managed-identity" && profile.clientId !== "" ? profile.clientId : undefined;
  const id = clientId ?? env.get("AZURE_CLIENT_ID") ?? kept;
  return id === undefined ? { kind: "system" } : { kind: "client-id", id: checkClientId(id) };
}

/** The identity as one text, to stand where a session names the application. {@linkcode parseManagedIdentity} reads it. */
export function formatManagedIdentity(identity: ManagedIdentity): string {
  switch (identity.kind) {
    case "system":
      return MANAGED_IDENTITY;
    case "client-id":
      return identity.id;
    default:
      return PREFIXES[identity.kind] + identity.id;
  }
}

/** Reads what {@linkcode formatManagedIdentity} wrote. */
export function parseManagedIdentity(text: string): ManagedIdentity {
  if (text === MANAGED_IDENTITY) return { kind: "system" };
  for (const kind of ["object-id", "resource-id"] as const) {
    if (text.startsWith(PREFIXES[kind])) return { kind, id: text.slice(PREFIXES[kind].length) };
  }
  return { kind: "client-id", id: text };
}

function checkResourceId(text: string): string {
  if (text.length <= 1024 && RESOURCE_ID.test(text)) return text;
  throw new CliError("usage", `Resource ID is wrong: ${JSON.stringify(text.slice(0, 100))}`, {
    hint: "Expected what this prints: az identity show --query id --resource-group GROUP --name NAME",
  });
}
