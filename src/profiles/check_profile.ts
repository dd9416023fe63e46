import { CLOUDS } from "../cloud.ts";
import { CliError } from "../errors.ts";
import { type Flow, FLOWS } from "./profile.ts";

const LONGEST_NAME = 64;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TENANT_WORDS = ["common", "organizations", "consumers"];
const DOMAIN_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** An origin, and a path of at most one segment. Nothing that a URL parser would drop, decode or resolve. */
const AUTHORITY = /^https:\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(?:\/([A-Za-z0-9.-]*)\/?)?$/i;
/** The spellings of the .NET program that users come from. */
const OTHER_FLOW_NAMES: Readonly<Record<string, Flow>> = {
  interactivebrowser: "interactive",
  devicecode: "device-code",
};

/** The profile name `text`. @throws {CliError} `usage` */
export function checkProfileName(text: string): string {
  if (text.length <= LONGEST_NAME && NAME.test(text)) return text;
  throw wrong("Profile name", text, "letters, digits, spaces, and . _ - inside, 64 characters at most");
}

/** The tenant `text` in lower case: a GUID, a domain, `common`, `organizations` or `consumers`. @throws {CliError} `usage` */
export function checkTenant(text: string): string {
  const tenant = text.toLowerCase();
  if (GUID.test(tenant) || TENANT_WORDS.includes(tenant) || isDomain(tenant)) return tenant;
  throw wrong(
    "Tenant",
    text,
    "a GUID, a domain such as contoso.onmicrosoft.com, common, organizations or consumers",
  );
}

/** The application (client) id `text` in lower case. @throws {CliError} `usage` */
export function checkClientId(text: string): string {
  const clientId = text.toLowerCase();
  if (GUID.test(clientId)) return clientId;
  throw wrong("Client ID", text, 'a GUID, shown as "Application (client) ID" in the Entra admin center');
}

/** What an authority URL says: where to sign in and, when it has a path, for which tenant. */
export interface Authority {
  /** Origin in lower case, such as `https://login.microsoftonline.com`. */
  readonly base: string;
  /** The tenant that the path names, or null without a path. */
  readonly tenant: string | null;
}

/** The authority URL `text`. @throws {CliError} `usage` */
export function checkAuthority(text: string): Authority {
  const [, host, , tenant] = AUTHORITY.exec(text) ?? [];
  if (host === undefined || !isPlainHost(host) || !URL.canParse(text)) {
    throw wrong(
      "Authority",
      text,
      "an https URL such as https://login.microsoftonline.com, followed by nothing or by one tenant",
    );
  }
  return { base: new URL(text).origin, tenant: tenant ? checkTenant(tenant) : null };
}

/** The authority of the cloud `text`, which may have the Azure CLI's name for it. @throws {CliError} `usage` */
export function checkCloud(text: string): Authority {
  const name = text.toLowerCase();
  const cloud = CLOUDS.find((known) => known.name === name || known.azureName.toLowerCase() === name);
  if (cloud === undefined) {
    throw wrong(
      "Cloud",
      text,
      `one of: ${CLOUDS.map((known) => known.name).join(", ")}`,
    );
  }
  return { base: cloud.authority, tenant: null };
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

/** The flow `text`, in any case; the .NET program's name for it is understood too. @throws {CliError} `usage` */
export function checkFlow(text: string): Flow {
  const name = text.toLowerCase();
  const flow = FLOWS.find((candidate) => candidate === name);
  if (flow !== undefined) return flow;
  const other = Object.hasOwn(OTHER_FLOW_NAMES, name) ? OTHER_FLOW_NAMES[name] : undefined;
  if (other !== undefined) return other;
  throw wrong("Flow", text, `one of: ${FLOWS.join(", ")}`);
}

/** A URL parser turns `0x7f.1` into 127.0.0.1: only what it leaves alone says where it leads. */
function isPlainHost(host: string): boolean {
  if (host.startsWith("[")) return true;
  return !/^\.|\.\.|\.$/.test(host) && URL.parse(`https://${host}`)?.hostname === host.toLowerCase();
}

function isDomain(text: string): boolean {
  const labels = text.split(".");
  return text.length <= 253 && labels.length >= 2 && labels.every((label) => DOMAIN_LABEL.test(label)) &&
    /[a-z]/.test(labels.at(-1) ?? "");
}

function wrong(field: string, found: string, wanted: string): CliError {
  const shown = found.length > 100 ? `${found.slice(0, 100)}…` : found;
  return new CliError("usage", `${field} is wrong: ${JSON.stringify(shown)}`, {
    hint: `Expected ${wanted}.`,
  });
}
