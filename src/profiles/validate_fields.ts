import { CliError } from "../errors.ts";
import { isGuid } from "../identity/guid.ts";
import { type Flow, FLOWS } from "./profile.ts";
import { CLOUDS } from "../identity/cloud.ts";

const MAX_NAME = 64;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/;
/** Longer than any user name that Entra allows. */
const MAX_USER = 256;
const TENANT_WORDS = ["common", "organizations", "consumers"];
const DOMAIN_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** The spellings of the .NET program that users come from. */
const OTHER_FLOW_NAMES: Readonly<Record<string, Flow>> = {
  interactivebrowser: "interactive",
  devicecode: "device-code",
  authorizationcode: "authorization-code",
  clientcredentials: "client-credentials",
  managedidentity: "managed-identity",
};

/** The profile name `text`. @throws {CliError} `usage` */
export function checkProfileName(text: string): string {
  if (text.length <= MAX_NAME && NAME.test(text)) return text;
  throw wrongValue(
    "Profile name",
    text,
    "letters from a to z, digits, spaces, and . _ - inside, 64 characters at most",
  );
}

/** The tenant `text` in lower case: a GUID, a domain, `common`, `organizations` or `consumers`. @throws {CliError} `usage` */
export function checkTenant(text: string): string {
  const tenant = text.toLowerCase();
  if (isGuid(tenant) || TENANT_WORDS.includes(tenant) || isDomain(tenant)) return tenant;
  throw wrongValue(
    "Tenant",
    text,
    "a GUID, a domain such as contoso.onmicrosoft.com, common, organizations or consumers",
  );
}

/** The application (client) id `text` in lower case. @throws {CliError} `usage` */
export function checkClientId(text: string): string {
  return checkGuid(
    text,
    "Client ID",
    'a GUID, shown as "Application (client) ID" in the Entra admin center',
  );
}

/** The GUID `text` in lower case; `field` and `wanted` are for the message. @throws {CliError} `usage` */
export function checkGuid(text: string, field: string, wanted: string): string {
  const guid = text.toLowerCase();
  if (isGuid(guid)) return guid;
  throw wrongValue(field, text, wanted);
}

// What \p{C} stands for is looked up as soon as a regular expression with it is made: only where one is needed.

function isPrintable(text: string): boolean {
  return /^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u.test(text);
}

function isUserName(text: string): boolean {
  return /^[^\s\p{C}@]+@[^\s\p{C}@]+$/u.test(text);
}

/** The user name `text` to fill in at the sign-in page. @throws {CliError} `usage` */
export function checkLoginHint(text: string): string {
  if (text.length <= MAX_USER && isPrintable(text)) return text;
  throw wrongValue("Login hint", text, "a user name such as ada@contoso.com");
}

/** The domain hint `text` in lower case: an account's domain, or `organizations` or `consumers`. @throws {CliError} `usage` */
export function checkDomainHint(text: string): string {
  const domain = text.toLowerCase();
  if (isDomain(domain) || domain === "organizations" || domain === "consumers") return domain;
  throw wrongValue("Domain hint", text, "a domain such as contoso.com, organizations or consumers");
}

/** The user `text` that is expected, in lower case: a user name or an object id. @throws {CliError} `usage` */
export function checkExpectedUser(text: string): string {
  const user = text.toLowerCase();
  if (isGuid(user) || (user.length <= MAX_USER && isUserName(user))) return user;
  throw wrongValue(
    "Expected user",
    text,
    "a user name such as ada@contoso.com, or the user's object id (a GUID)",
  );
}

/**
 * The tenant `text` that is expected, in lower case. Only a GUID: tokens name their tenant by it, and a domain can move.
 *
 * @throws {CliError} `usage`
 */
export function checkExpectedTenant(text: string): string {
  const tenant = text.toLowerCase();
  if (isGuid(tenant)) return tenant;
  throw wrongValue("Expected tenant", text, 'a GUID, shown as "Tenant ID" in the Entra admin center');
}

/** The flow `text`, in any case; the .NET program's name for it is understood too. @throws {CliError} `usage` */
export function checkFlow(text: string): Flow {
  const name = text.toLowerCase();
  const flow = FLOWS.find((candidate) => candidate === name);
  if (flow !== undefined) return flow;
  const other = Object.hasOwn(OTHER_FLOW_NAMES, name) ? OTHER_FLOW_NAMES[name] : undefined;
  if (other !== undefined) return other;
  throw wrongValue("Flow", text, `one of: ${FLOWS.join(", ")}`);
}

function isDomain(text: string): boolean {
  const labels = text.split(".");
  return text.length <= 253 && labels.length >= 2 && labels.every((label) => DOMAIN_LABEL.test(label)) &&
    /[a-z]/.test(labels.at(-1) ?? "");
}

/** The error for a `found` value of `field` that is none of what is `wanted`. */
export function wrongValue(field: string, found: string, wanted: string): CliError {
  const shown = found.length > 100 ? `${found.slice(0, 100)}…` : found;
  return new CliError("usage", `${field} is wrong: ${JSON.stringify(shown)}`, {
    hint: `Expected ${wanted}.`,
  });
}

/**
 * An origin, and a path of one tenant at most, or of a tenant and a policy of B2C (with or without `tfp` before them).
 * Nothing that a URL parser would drop, decode or resolve. Both cases are written out: with the flag for that, V8 takes
 * twice as long for it, once in each call.
 */
const AUTHORITY = new RegExp(
  "^[Hh][Tt][Tt][Pp][Ss]://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?" +
    "(?:/(?:[Tt][Ff][Pp]/)?([A-Za-z0-9.-]*)(?:/([Bb]2[Cc]_1[Aa]?_[A-Za-z0-9._-]{1,64}))?/?)?$",
);

/** External ID: a tenant's own name before it is the first part of its domain, too. */
const EXTERNAL_ID = /^([a-z0-9-]+)\.ciamlogin\.com$/;

/** What an authority URL says: where to sign in and, when it has a path, for which tenant. */
export interface Authority {
  /** Origin in lower case, such as `https://login.microsoftonline.com`. */
  readonly base: string;
  /** The tenant that the path names, or null without a path. */
  readonly tenant: string | null;
  /** The policy of B2C that the path names, in lower case, or null. */
  readonly policy: string | null;
}

/** What was judged already: a profile is judged when it is read, and its settings when they are used. */
const judged = new Map<string, Authority>();

/** The authority URL `text`. @throws {CliError} `usage` */
export function checkAuthority(text: string): Authority {
  const authority = judged.get(text) ?? validateAuthority(text);
  judged.set(text, authority);
  return { ...authority };
}

function validateAuthority(text: string): Authority {
  const [, host, tenant, policy] = AUTHORITY.exec(text) ?? [];
  if (host === undefined || !isPlainHost(host) || !URL.canParse(text) || (policy !== undefined && !tenant)) {
    throw wrongValue(
      "Authority",
      text,
      "an https URL such as https://login.microsoftonline.com, followed by nothing or by one tenant; " +
        "for B2C by the tenant and the policy, as https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin",
    );
  }
  return {
    base: new URL(text).origin,
    tenant: tenant ? checkTenant(tenant) : null,
    policy: policy?.toLowerCase() ?? null,
  };
}

/** The authority as a profile keeps it: with the tenant only where a policy of B2C follows. */
export function authorityText({ base, tenant, policy }: Authority): string {
  return policy === null ? base : `${base}/${tenant}/${policy}`;
}

/** The tenant that an authority without one stands for: External ID has it in its host. Null for any other. */
export function tenantOfHost({ base }: Authority): string | null {
  const name = EXTERNAL_ID.exec(new URL(base).host)?.[1];
  return name === undefined ? null : `${name}.onmicrosoft.com`;
}

/** The authority of the cloud `text`, which may have the Azure CLI's name for it. @throws {CliError} `usage` */
export function checkCloud(text: string): Authority {
  const name = text.toLowerCase();
  const cloud = CLOUDS.find((known) => known.name === name || known.azureName.toLowerCase() === name);
  if (cloud !== undefined) return { base: cloud.authority, tenant: null, policy: null };
  throw wrongValue("Cloud", text, `one of: ${CLOUDS.map((known) => known.name).join(", ")}`);
}

/**
 * The authority that `--cloud` or `--authority` names, or null where neither does.
 *
 * @throws {CliError} `usage` for a bad value, or for both at once: a cloud is a name for an authority.
 */
export function checkAuthorityFlags(
  cloud: string | undefined,
  authority: string | undefined,
): Authority | null {
  if (cloud !== undefined && authority !== undefined) {
    throw new CliError("usage", "--cloud and --authority can't be used together", {
      hint: "Leave one of them out: a cloud is a name for an authority.",
    });
  }
  if (cloud !== undefined) return checkCloud(cloud);
  return authority === undefined ? null : checkAuthority(authority);
}

/** A URL parser turns `0x7f.1` into 127.0.0.1: only what it leaves alone says where it leads. */
function isPlainHost(host: string): boolean {
  if (host.startsWith("[")) return true;
  if (host.startsWith(".") || host.includes("..") || host.endsWith(".")) return false;
  return URL.parse(`https://${host}`)?.hostname === host.toLowerCase();
}
