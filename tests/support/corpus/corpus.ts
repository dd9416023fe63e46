/** The shapes of real responses, read from the data files of this folder. */

/** JSON with string keys. */
export type Fields = Readonly<Record<string, unknown>>;

interface Entry {
  readonly id: string;
  readonly source: string;
}

/** An error response of the token or device code endpoint. */
export interface ErrorEntry extends Entry {
  readonly where: "token" | "device";
  readonly status: number;
  readonly body: Fields;
  readonly expect: {
    readonly aadsts: string | null;
    readonly correlation_id: string | null;
    /** The description without the trace, or null without one. */
    readonly words: string | null;
  };
}

/** An account: how it is named, the claims of its ID token, and the token response that carries them. */
export interface AccountEntry extends Entry {
  readonly authority: string;
  /** Null if the authority names the tenant. */
  readonly tenant_id: string | null;
  readonly scope: string;
  readonly claims: Fields;
  readonly client_info: { readonly uid: string; readonly utid: string } | null;
  /** The ID of a {@linkcode TokenResponseEntry}. */
  readonly token_response: string;
  readonly expect: { readonly username: string; readonly object_id: string; readonly tenant_id: string };
}

/** A token response. `JWT`, `opaque`, `b64` and the like stand for generated values. */
export interface TokenResponseEntry extends Entry {
  /** The account that it is for, or null for an application. */
  readonly account: string | null;
  readonly scope: string;
  readonly body: Fields;
}

/** A device authorization response. */
export interface DeviceCodeEntry extends Entry {
  readonly account: string;
  readonly body: Fields;
}

/** The parameters of an authorization response. `{code}`, `{state}` and `{client_info}` stand for generated values. */
export interface CallbackEntry extends Entry {
  readonly account: string;
  readonly params: Readonly<Record<string, string>>;
  readonly expect: { readonly aadsts: string | null; readonly correlation_id: string | null };
}

/** A response of a managed identity endpoint. */
export interface ManagedIdentityEntry extends Entry {
  readonly endpoint: "imds" | "app-service" | "service-fabric" | "cloud-shell" | "arc";
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Fields;
  readonly expect: {
    /** The exit code. Default: 0. */
    readonly code?: number;
    readonly aadsts?: string;
    readonly correlation_id?: string;
    /** What the message must contain. */
    readonly words?: string;
  };
}

/** The discovery documents of a host. */
export interface DiscoveryEntry {
  readonly id: string;
  readonly host: string;
  /** The paths of the tenants that have it. */
  readonly tenants: readonly string[];
  readonly issuer: string;
  /** The path of the endpoints; `{tenant}` is the requested one. */
  readonly endpoints_under: string;
  readonly tenant_region_scope?: string | null;
}

/** A claims challenge of an API. */
export interface ChallengeEntry extends Entry {
  readonly header: string;
  /** The claims request in it. */
  readonly claims: string;
}

async function read<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(new URL(name, import.meta.url)));
}

export const readErrors = (): Promise<readonly ErrorEntry[]> => read("errors.json");
export const readAccounts = (): Promise<readonly AccountEntry[]> => read("id_tokens.json");
export const readTokenResponses = (): Promise<readonly TokenResponseEntry[]> => read("token_responses.json");
export const readDeviceCodes = (): Promise<readonly DeviceCodeEntry[]> => read("device_code.json");
export const readCallbacks = (): Promise<readonly CallbackEntry[]> => read("callbacks.json");
export const readManagedIdentities = (): Promise<readonly ManagedIdentityEntry[]> =>
  read("managed_identity.json");
export const readChallenges = (): Promise<readonly ChallengeEntry[]> => read("cae_challenges.json");

/** Reads the discovery documents. */
export async function readDiscovery(): Promise<readonly DiscoveryEntry[]> {
  const { openid_configuration: entries } = await read<{ openid_configuration: DiscoveryEntry[] }>(
    "discovery.json",
  );
  return entries;
}

/** Returns the entry with this ID. @throws {Error} If there is none. */
export function entryNamed<T extends { readonly id: string }>(entries: readonly T[], id: string): T {
  const entry = entries.find((candidate) => candidate.id === id);
  if (entry === undefined) throw new Error(`No corpus entry ${JSON.stringify(id)}`);
  return entry;
}
