import { CliError } from "../errors.ts";
import type { Environment } from "../system/environment.ts";
import { checkClientId, checkGuid } from "./validate_fields.ts";
import { MANAGED_IDENTITY, type Profile } from "./profile.ts";

/** A managed identity: the system-assigned one of a machine, or a user-assigned one. */
export type ManagedIdentity =
  | { readonly kind: "system" }
  | { readonly kind: "client-id" | "object-id" | "resource-id"; readonly id: string };

export interface ManagedIdentityFlags {
  readonly clientId?: string | undefined;
  readonly identityResourceId?: string | undefined;
  readonly identityObjectId?: string | undefined;
}

/** An Azure resource ID, without any character that would end it in a query string. */
const RESOURCE_ID = /^\/subscriptions\/[\w.()/-]+$/i;
const PREFIXES = { "object-id": "object-id:", "resource-id": "resource-id:" } as const;

/**
 * Returns the identity to use: a flag beats `AZURE_CLIENT_ID`, which beats the profile if that is for a managed identity.
 *
 * @throws {CliError} `usage` for two flags at once or an invalid value.
 */
export function resolveManagedIdentity(
  flags: ManagedIdentityFlags,
  env: Environment,
  profile: Profile | null,
): ManagedIdentity {
  const { clientId, identityResourceId, identityObjectId } = flags;
  if ([clientId, identityResourceId, identityObjectId].filter((flag) => flag !== undefined).length > 1) {
    throw new CliError(
      "usage",
      "--client-id, --identity-resource-id and --identity-object-id cannot be used together",
      {
        hint: "Omit all but one of them.",
      },
    );
  }
  if (identityResourceId !== undefined) {
    return { kind: "resource-id", id: checkResourceId(identityResourceId) };
  }
  if (identityObjectId !== undefined) {
    return {
      kind: "object-id",
      id: checkGuid(identityObjectId, "object ID", "a GUID, the principal ID of the identity"),
    };
  }
  const configured = profile?.flow === "managed-identity" && profile.clientId !== ""
    ? profile.clientId
    : undefined;
  const id = clientId ?? env.get("AZURE_CLIENT_ID") ?? configured;
  return id === undefined ? { kind: "system" } : { kind: "client-id", id: checkClientId(id) };
}

/** Formats the identity as the client ID of a session. {@linkcode parseManagedIdentity} parses it. */
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

/** Parses what {@linkcode formatManagedIdentity} returns. */
export function parseManagedIdentity(text: string): ManagedIdentity {
  if (text === MANAGED_IDENTITY) return { kind: "system" };
  for (const kind of ["object-id", "resource-id"] as const) {
    if (text.startsWith(PREFIXES[kind])) return { kind, id: text.slice(PREFIXES[kind].length) };
  }
  return { kind: "client-id", id: text };
}

function checkResourceId(text: string): string {
  if (text.length <= 1024 && RESOURCE_ID.test(text)) return text;
  const shown = JSON.stringify(text.slice(0, 100));
  throw new CliError(
    "usage",
    `Invalid resource ID ${shown}: expected that of a user-assigned managed identity`,
    {
      hint: "To print it: az identity show --query id --resource-group GROUP --name NAME",
    },
  );
}
