import type { InspectedToken } from "../../flows/tokens/inspect_token.ts";
import { plainText } from "../../text/plain_text.ts";
import { localTime } from "./local_time.ts";
import { relativeTime } from "./relative_time.ts";
import { audienceName, type Claims, clientAuthentication, listClaim, textClaim } from "./token_claims.ts";

/** A line of the report with its label; each more value is on a line of its own. */
type Row = readonly [label: string, ...values: (string | undefined)[]];

/** What is said in the rows, so that it isn't said again. */
const TOLD = new Set([
  ...["aud", "iat", "nbf", "exp", "auth_time", "amr", "scp", "roles", "tid", "oid", "idtyp"],
  ...["name", "preferred_username", "upn", "unique_name", "email", "app_displayname", "appid", "azp"],
  ...["azpacr", "appidacr", "iss", "ver"],
]);

/** A token in words, fit for a terminal: every text in it is on one line and without control characters. */
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
  return rows.flatMap(rowLines).map((line) => `${line}\n`).join("");
}

function rowLines([label, ...values]: Row): string[] {
  const shown = values.filter((value) => value !== undefined && value !== "");
  return shown.map((value, at) => `${(at === 0 ? `${label}:` : "").padEnd(14)}${plainText(value ?? "")}`);
}

function timeInWords(seconds: unknown, nowSeconds: number): string | undefined {
  if (typeof seconds !== "number" || Number.isNaN(new Date(seconds * 1000).valueOf())) return undefined;
  return `${localTime(seconds)} (${relativeTime(seconds, nowSeconds)})`;
}

function stateInWords({ state, expiresAt, notBefore }: InspectedToken, nowSeconds: number): string {
  if (state === "valid") return "valid";
  if (state === "not-yet-valid") {
    return `not valid yet: it will be ${relativeTime(notBefore ?? 0, nowSeconds)}`;
  }
  return expiresAt === null ? "of no use: it doesn't say when it ends" : "expired";
}

/** Who the token is about: the name to read, and the id that stays. */
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
  const proof = clientAuthentication(claims);
  return named === undefined || proof === undefined ? named : `${named}, ${proof}`;
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
  if (signature.kind === "valid") return "valid: a key of the tenant made it";
  return `${signature.kind === "wrong" ? "wrong" : "can't be checked"}: ${signature.reason}`;
}

function otherClaims(claims: Claims): string[] {
  const others = Object.entries(claims).filter(([name]) => !TOLD.has(name));
  return others.map(([name, value]) =>
    `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`
  );
}
