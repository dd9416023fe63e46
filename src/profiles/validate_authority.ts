import { CLOUDS } from "../identity/cloud.ts";
import { CliError } from "../errors.ts";
import { checkTenant, wrongValue } from "./validate_fields.ts";

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
