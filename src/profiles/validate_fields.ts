import { CliError } from "../errors.ts";
import { type Flow, FLOWS } from "./profile.ts";

const MAX_NAME = 64;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
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
  if (GUID.test(tenant) || TENANT_WORDS.includes(tenant) || isDomain(tenant)) return tenant;
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
  if (GUID.test(guid)) return guid;
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
  if (GUID.test(user) || (user.length <= MAX_USER && isUserName(user))) return user;
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
  if (GUID.test(tenant)) return tenant;
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
