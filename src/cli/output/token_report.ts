import type { InspectedToken } from "../../flows/tokens/inspect_token.ts";
import { CLOUDS } from "../../identity/cloud.ts";
import { breakLogCommands, plainText } from "../../text/plain_text.ts";
import { accountDocument } from "./document_format.ts";
import { describeTime, relativeTime, utcTime } from "./time.ts";

/**
 * Returns a token as a document: its claims, and everything else in `inspection`, which is not a claim's name. For an
 * opaque token, which has no readable claims, `exp` comes from the cache.
 */
export function tokenDocument(inspected: InspectedToken, nowMs: number): Record<string, unknown> {
  const { session, content, state, expiresAt, notBefore, signature } = inspected;
  const account = session?.account ?? null;
  return {
    ...(content?.claims ?? { exp: expiresAt }),
    inspection: {
      valid: state === "valid",
      state,
      expires_at: expiresAt === null ? null : utcTime(expiresAt),
      expires_in: expiresAt === null ? 0 : Math.max(0, Math.floor(expiresAt - nowMs / 1000)),
      not_before: notBefore === null ? null : utcTime(notBefore),
      header: content?.header ?? null,
      signature: signature === null ? null : {
        state: signature.kind,
        reason: signature.kind === "valid" ? null : signature.reason,
      },
      scopes: inspected.scopes,
      profile: session?.profile ?? null,
      client_id: session?.clientId ?? null,
      authority: session === null ? null : `${session.authority}/${session.tenant}`,
      account: accountDocument(account),
    },
  };
}

/** A label with its values. Each value after the first is on its own line. */
type Row = readonly [label: string, ...values: (string | undefined)[]];

/** Claims that the rows show, and "Other claims" omits. */
const SHOWN_CLAIMS = new Set([
  ...["aud", "iat", "nbf", "exp", "auth_time", "amr", "scp", "roles", "tid", "oid", "idtyp"],
  ...["name", "preferred_username", "upn", "unique_name", "email", "app_displayname", "appid", "azp"],
  ...["azpacr", "appidacr", "iss", "ver"],
]);

/** Formats a token for a terminal: each value is on one line, without control characters. */
export function formatTokenReport(inspected: InspectedToken, nowMs: number): string {
  const claims = inspected.content?.claims ?? {};
  const time = (seconds: unknown) => timeInWords(seconds, nowMs / 1000);
  const rows: Row[] = [
    ["State", stateInWords(inspected, nowMs / 1000)],
    ["Profile", inspected.session?.profile],
    ["Account", ...accountValues(inspected, claims)],
    ["Tenant", textClaim(claims, "tid") ?? inspected.session?.account?.tenantId ?? inspected.session?.tenant],
    ["Application", applicationInWords(inspected, claims)],
    ["Audience", audienceInWords(inspected, claims)],
    ["Scopes", ...inspected.scopes],
    ["Roles", ...listClaim(claims, "roles")],
    ["Issuer", textClaim(claims, "iss")],
    ["Signed in", time(claims.auth_time), methodsInWords(claims)],
    ["Issued", time(claims.iat)],
    ["Not before", time(inspected.notBefore)],
    ["Expires", time(inspected.expiresAt)],
    ["Form", formInWords(inspected)],
    ["Signature", signatureInWords(inspected)],
    ["Other claims", ...otherClaims(claims)],
  ];
  return breakLogCommands(rows.flatMap(rowLines).map((line) => `${line}\n`).join(""));
}

function rowLines([label, ...values]: Row): string[] {
  const shown = values.filter((value) => value !== undefined && value !== "");
  return shown.map((value, at) => `${(at === 0 ? `${label}:` : "").padEnd(14)}${plainText(value ?? "")}`);
}

function timeInWords(seconds: unknown, nowSeconds: number): string | undefined {
  if (typeof seconds !== "number" || Number.isNaN(new Date(seconds * 1000).valueOf())) return undefined;
  return describeTime(seconds, nowSeconds);
}

function stateInWords({ state, expiresAt, notBefore }: InspectedToken, nowSeconds: number): string {
  if (state === "valid") return "valid";
  if (state === "not-yet-valid") {
    return `not yet valid: it becomes valid ${relativeTime(notBefore ?? 0, nowSeconds)}`;
  }
  return expiresAt === null ? "unusable: it has no expiry time" : "expired";
}

/** Returns the name of the account, which can change, and its object ID, which cannot. */
function accountValues({ session }: InspectedToken, claims: Claims): (string | undefined)[] {
  const objectId = textClaim(claims, "oid") ?? session?.account?.objectId;
  const id = objectId === undefined ? undefined : `object ID ${objectId}`;
  const isApplication = claims.idtyp === "app" || (session !== null && session.account === null);
  if (isApplication) return ["(application)", id];
  const username = session?.account?.username ||
    textClaim(claims, "preferred_username", "upn", "unique_name", "email");
  const name = textClaim(claims, "name");
  if (username === undefined) return [name, id];
  return [name === undefined ? username : `${username} (${name})`, id];
}

function applicationInWords({ session }: InspectedToken, claims: Claims): string | undefined {
  const id = textClaim(claims, "azp", "appid") ?? session?.clientId;
  const name = textClaim(claims, "app_displayname");
  const named = id !== undefined && name !== undefined ? `${id} (${name})` : id ?? name;
  const method = clientAuthentication(claims);
  return named === undefined || method === undefined ? named : `${named}, ${method}`;
}

function audienceInWords({ content }: InspectedToken, claims: Claims): string | undefined {
  if (content === null || content.claims === null) return "(the token is opaque)";
  const audience = textClaim(claims, "aud") ?? (listClaim(claims, "aud").join(" ") || undefined);
  if (audience === undefined) return undefined;
  const name = audienceName(audience);
  return name === undefined ? audience : `${audience} (${name})`;
}

function methodsInWords(claims: Claims): string | undefined {
  const methods = listClaim(claims, "amr");
  return methods.length === 0 ? undefined : `by ${methods.join(", ")}`;
}

function formInWords({ content }: InspectedToken): string {
  if (content === null) return "opaque";
  const { header, claims } = content;
  if (claims === null) return "JWT, encrypted for its audience";
  const version = textClaim(claims, "ver");
  const parts = [
    `JWT${version === undefined ? "" : ` of version ${version}`}`,
    typeof header.alg === "string" ? `signed with ${header.alg}` : undefined,
    typeof header.kid === "string" ? `key ${header.kid}` : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function signatureInWords({ signature }: InspectedToken): string | undefined {
  if (signature === null) return undefined;
  if (signature.kind === "valid") return "valid: signed with a key of the tenant";
  return `${signature.kind === "wrong" ? "invalid" : "cannot be verified"}: ${signature.reason}`;
}

function otherClaims(claims: Claims): string[] {
  const others = Object.entries(claims).filter(([name]) => !SHOWN_CLAIMS.has(name));
  return others.map(([name, value]) =>
    `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`
  );
}

export type Claims = Readonly<Record<string, unknown>>;

/** Returns the first of `names` that is a non-empty string. Ignores what comes from a prototype. */
export function textClaim(claims: Claims, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** Returns a claim that is a list of strings or a string of words; empty for anything else. */
export function listClaim(claims: Claims, name: string): string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Well-known APIs of Microsoft, with the values of `aud` that identify them. */
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

/** Returns the name of a well-known API; undefined for others. */
export function audienceName(audience: string): string | undefined {
  const bare = audience.replace(/\/+$/, "").toLowerCase();
  return AUDIENCES.find(([_, ...audiences]) => audiences.includes(bare))?.[0];
}

/** Client authentication methods, by their numbers in `azpacr` and `appidacr`. */
const CLIENT_AUTHENTICATION: Readonly<Record<string, string>> = {
  "0": "as a public client",
  "1": "with a client secret",
  "2": "with a certificate",
};

/** Returns how the application authenticated; undefined if the token does not tell. */
export function clientAuthentication(claims: Claims): string | undefined {
  return CLIENT_AUTHENTICATION[textClaim(claims, "azpacr", "appidacr") ?? ""];
}
