import { CliError } from "../errors.ts";
import { isGuid } from "../identity/guid.ts";
import { type Flow, FLOWS } from "./profile.ts";
import { canonicalAuthority, CLOUDS } from "../identity/cloud.ts";

const MAX_NAME = 64;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/;
/** Longer than any user name that Entra allows. */
const MAX_USER = 256;
/** `adfs` is the path of AD FS, which has no tenants. */
const TENANT_WORDS = ["common", "organizations", "consumers", "adfs"];
const DOMAIN_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** The spellings of the .NET program that users migrate from. */
const OTHER_FLOW_NAMES: Readonly<Record<string, Flow>> = {
  interactivebrowser: "interactive",
  devicecode: "device-code",
  authorizationcode: "authorization-code",
  clientcredentials: "client-credentials",
  managedidentity: "managed-identity",
};

/** Validates a profile name. @throws {CliError} `usage` */
export function checkProfileName(text: string): string {
  if (text.length <= MAX_NAME && NAME.test(text)) return text;
  const error = invalidValue(
    "profile name",
    text,
    "at most 64 letters from a to z, digits, and spaces or . _ - inside",
  );
  throw text.includes("://") ? error.withHint(SCOPES_IN_ONE_STRING) : error;
}

/** The hint for a scope in the place of a profile's name: az takes each scope as a word. */
const SCOPES_IN_ONE_STRING =
  'Several scopes go into one string: --scope "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read"';

/**
 * Validates a tenant, which is a GUID, a domain, `common`, `organizations`, `consumers`, or `adfs` in place of one at AD
 * FS. Returns it in lower case.
 *
 * @throws {CliError} `usage`
 */
export function checkTenant(text: string): string {
  const tenant = text.toLowerCase();
  if (isGuid(tenant) || TENANT_WORDS.includes(tenant) || isDomain(tenant)) return tenant;
  throw invalidValue(
    "tenant",
    text,
    "a GUID, a domain such as contoso.onmicrosoft.com, common, organizations or consumers (or adfs at AD FS)",
  );
}

/** Validates an application (client) ID. Returns it in lower case. @throws {CliError} `usage` */
export function checkClientId(text: string): string {
  return checkGuid(
    text,
    "client ID",
    'a GUID, shown as "Application (client) ID" in the Entra admin center',
  );
}

/** Validates a GUID. Returns it in lower case. @throws {CliError} `usage` with `field` and `expected` in its message. */
export function checkGuid(text: string, field: string, expected: string): string {
  const guid = text.toLowerCase();
  if (isGuid(guid)) return guid;
  throw invalidValue(field, text, expected);
}

// V8 expands \p{C} when the regular expression is created: these are created only if they are needed.

function isPrintable(text: string): boolean {
  return /^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u.test(text);
}

function isUserName(text: string): boolean {
  return /^[^\s\p{C}@]+@[^\s\p{C}@]+$/u.test(text);
}

/** Validates a user name to fill in at the sign-in page. @throws {CliError} `usage` */
export function checkLoginHint(text: string): string {
  if (text.length <= MAX_USER && isPrintable(text)) return text;
  throw invalidValue("login hint", text, "a user name such as ada@contoso.com");
}

/**
 * Validates a domain hint, which is the domain of an account, `organizations` or `consumers`. Returns it in lower case.
 *
 * @throws {CliError} `usage`
 */
export function checkDomainHint(text: string): string {
  const domain = text.toLowerCase();
  if (isDomain(domain) || domain === "organizations" || domain === "consumers") return domain;
  throw invalidValue("domain hint", text, "a domain such as contoso.com, organizations or consumers");
}

/** Validates an expected user, which is a user name or an object ID. Returns it in lower case. @throws {CliError} `usage` */
export function checkExpectedUser(text: string): string {
  const user = text.toLowerCase();
  if (isGuid(user) || (user.length <= MAX_USER && isUserName(user))) return user;
  throw invalidValue(
    "expected user",
    text,
    "a user name such as ada@contoso.com, or the user's object ID (a GUID)",
  );
}

/**
 * Validates an expected tenant. Returns it in lower case. Only a GUID is accepted: tokens identify their tenant by it, and
 * a domain can move to another tenant.
 *
 * @throws {CliError} `usage`
 */
export function checkExpectedTenant(text: string): string {
  const tenant = text.toLowerCase();
  if (isGuid(tenant)) return tenant;
  throw invalidValue("expected tenant", text, 'a GUID, shown as "Tenant ID" in the Entra admin center');
}

/** Parses a flow in any case, also by its name in the .NET program. @throws {CliError} `usage` */
export function checkFlow(text: string): Flow {
  const name = text.toLowerCase();
  const flow = FLOWS.find((candidate) => candidate === name);
  if (flow !== undefined) return flow;
  const other = Object.hasOwn(OTHER_FLOW_NAMES, name) ? OTHER_FLOW_NAMES[name] : undefined;
  if (other !== undefined) return other;
  throw invalidValue("flow", text, `one of ${FLOWS.join(", ")}`);
}

function isDomain(text: string): boolean {
  const labels = text.split(".");
  return text.length <= 253 && labels.length >= 2 && labels.every((label) => DOMAIN_LABEL.test(label)) &&
    /[a-z]/.test(labels.at(-1) ?? "");
}

function invalidValue(field: string, found: string, expected: string): CliError {
  const shown = found.length > 100 ? `${found.slice(0, 100)}…` : found;
  return new CliError("usage", `Invalid ${field} ${JSON.stringify(shown)}: expected ${expected}`);
}

/**
 * An origin in lower case with an optional path: a tenant, or a tenant and a B2C policy (with or without `tfp` before them). Nothing that
 * a URL parser would drop, decode or resolve.
 */
const AUTHORITY = new RegExp(
  "^https://([a-z0-9.-]+|\\[[0-9a-f:.]+\\])(?::\\d{1,5})?" +
    "(?:/(?:tfp/)?([a-z0-9.-]*)(?:/(b2c_1a?_[a-z0-9._-]{1,64}))?/?)?$",
);

/** The host of External ID starts with the name of the tenant, which is also the first part of its domain. */
const EXTERNAL_ID = /^([a-z0-9-]+)\.ciamlogin\.com$/;

/** The parts of an authority URL. */
export interface Authority {
  /** Origin in lower case, such as `https://login.microsoftonline.com`. */
  readonly base: string;
  /** The tenant in the path, or null without a path. */
  readonly tenant: string | null;
  /** The B2C policy in the path, in lower case, or null. */
  readonly policy: string | null;
}

/** The authorities that have been parsed. Thousands of profiles have a few. */
const parsed = new Map<string, Authority>();

/** Parses an authority URL. An alias of a Microsoft host is replaced by the host. @throws {CliError} `usage` */
export function checkAuthority(text: string): Authority {
  const known = parsed.get(text) ?? parseAuthority(text);
  parsed.set(text, known);
  // A copy: callers tell the sources of an authority apart by identity.
  return { ...known };
}

function parseAuthority(text: string): Authority {
  // Letters beyond ASCII stay as they are: the Kelvin sign is no k.
  const lowered = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const [, host, tenant, policy] = AUTHORITY.exec(lowered) ?? [];
  if (host === undefined || !isPlainHost(host) || !URL.canParse(text) || (policy !== undefined && !tenant)) {
    throw invalidValue(
      "authority",
      text,
      "an https URL such as https://login.microsoftonline.com, optionally followed by a tenant, or for B2C by a tenant " +
        "and a policy, as in https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin",
    );
  }
  return {
    base: new URL(canonicalAuthority(text)).origin,
    tenant: tenant ? checkTenant(tenant) : null,
    policy: policy ?? null,
  };
}

/** Formats an authority for a profile: with the tenant only if a B2C policy follows. */
export function authorityText({ base, tenant, policy }: Authority): string {
  return policy === null ? base : `${base}/${tenant}/${policy}`;
}

/** Returns the tenant in the host of an External ID authority, or null for any other authority. */
export function tenantOfHost({ base }: Authority): string | null {
  const name = EXTERNAL_ID.exec(new URL(base).host)?.[1];
  return name === undefined ? null : `${name}.onmicrosoft.com`;
}

/** Returns the authority of the cloud `text`, also by its name in the Azure CLI. @throws {CliError} `usage` */
export function checkCloud(text: string): Authority {
  const name = text.toLowerCase();
  const cloud = CLOUDS.find((known) => known.name === name || known.azureName.toLowerCase() === name);
  if (cloud !== undefined) return { base: cloud.authority, tenant: null, policy: null };
  throw invalidValue("cloud", text, `one of ${CLOUDS.map((known) => known.name).join(", ")}`);
}

/**
 * Returns the authority that `--cloud` or `--authority` names, or null if both are undefined.
 *
 * @throws {CliError} `usage` for an invalid value, or for both at once.
 */
export function checkAuthorityFlags(
  cloud: string | undefined,
  authority: string | undefined,
): Authority | null {
  if (cloud !== undefined && authority !== undefined) {
    throw new CliError("usage", "--cloud and --authority cannot be used together", {
      hint: "Omit one of them: a cloud is a name for an authority.",
    });
  }
  if (cloud !== undefined) return checkCloud(cloud);
  return authority === undefined ? null : checkAuthority(authority);
}

/** Reports whether a URL parser leaves the host unchanged: it turns `0x7f.1` into 127.0.0.1. */
function isPlainHost(host: string): boolean {
  if (host.startsWith("[")) return true;
  if (host.startsWith(".") || host.includes("..") || host.endsWith(".")) return false;
  return URL.parse(`https://${host}`)?.hostname === host;
}
