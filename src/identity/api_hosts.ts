import { CliError } from "../errors.ts";
import { cloudOf } from "./cloud.ts";
import { resourceOf, scopesByResource } from "./scopes.ts";

/** The hosts of one of Microsoft's APIs, and the resource that their tokens are for. */
interface Api {
  /** A host, or after a dot the end of the hosts that have one label before it; by the name of the cloud. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  /** The resource in scopes; null if it is the host itself. */
  readonly resource: string | null;
}

/** Azure Resource Manager and Key Vault have a resource for each cloud. */
const APIS: readonly Api[] = [
  { hosts: { public: ["graph.microsoft.com"] }, resource: "https://graph.microsoft.com" },
  { hosts: { usgov: ["graph.microsoft.us"] }, resource: "https://graph.microsoft.us" },
  {
    hosts: { china: ["microsoftgraph.chinacloudapi.cn"] },
    resource: "https://microsoftgraph.chinacloudapi.cn",
  },
  { hosts: { public: ["management.azure.com"] }, resource: "https://management.azure.com" },
  { hosts: { usgov: ["management.usgovcloudapi.net"] }, resource: "https://management.usgovcloudapi.net" },
  { hosts: { china: ["management.chinacloudapi.cn"] }, resource: "https://management.chinacloudapi.cn" },
  { hosts: { public: [".vault.azure.net"] }, resource: "https://vault.azure.net" },
  { hosts: { usgov: [".vault.usgovcloudapi.net"] }, resource: "https://vault.usgovcloudapi.net" },
  { hosts: { china: [".vault.azure.cn"] }, resource: "https://vault.azure.cn" },
  { hosts: { public: [".managedhsm.azure.net"] }, resource: "https://managedhsm.azure.net" },
  {
    hosts: {
      public: storage("core.windows.net"),
      usgov: storage("core.usgovcloudapi.net"),
      china: storage("core.chinacloudapi.cn"),
    },
    resource: "https://storage.azure.com",
  },
  {
    hosts: {
      public: [
        "dev.azure.com",
        ".dev.azure.com",
        ".visualstudio.com",
        ".vssps.visualstudio.com",
        ".pkgs.visualstudio.com",
      ],
    },
    resource: "499b84ac-1321-427f-aa17-267ca6975798",
  },
  { hosts: { public: [".azconfig.io"] }, resource: "https://azconfig.io" },
  { hosts: { public: [".servicebus.windows.net"] }, resource: "https://servicebus.azure.net" },
  {
    hosts: { public: [".cognitiveservices.azure.com", ".openai.azure.com"] },
    resource: "https://cognitiveservices.azure.com",
  },
  { hosts: { public: [".search.windows.net"] }, resource: "https://search.azure.com" },
  {
    hosts: { public: ["api.loganalytics.io", "api.loganalytics.azure.com"] },
    resource: "https://api.loganalytics.io",
  },
  { hosts: { public: ["api.applicationinsights.io"] }, resource: "https://api.applicationinsights.io" },
  { hosts: { public: ["api.powerbi.com"] }, resource: "https://analysis.windows.net/powerbi/api" },
  { hosts: { public: ["api.fabric.microsoft.com"] }, resource: "https://api.fabric.microsoft.com" },
  { hosts: { public: [".azuredatabricks.net"] }, resource: "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d" },
  {
    hosts: {
      public: [".sharepoint.com", ".crm.dynamics.com", ".kusto.windows.net"],
      usgov: [".sharepoint.us"],
      china: [".sharepoint.cn"],
    },
    resource: null,
  },
];

function storage(domain: string): string[] {
  return ["blob", "queue", "table", "file", "dfs"].map((service) => `.${service}.${domain}`);
}

/** The URL of a request, and the scopes of its token. */
export interface ApiTarget {
  readonly url: URL;
  readonly scopes: readonly string[];
}

export interface ApiChoice {
  /** The scopes that the user named, if any. */
  readonly named: readonly string[] | undefined;
  /** The scopes of the profile: an API of one of their resources gets a token for them by default. */
  readonly own: readonly string[];
  /** Hosts that may receive a token whatever it is for, with a port unless it is 443. */
  readonly allowedHosts: readonly string[];
  /** The authority that issues the token. It serves the APIs of its cloud only. */
  readonly authority: string;
}

/**
 * Returns the target of a request to `text` and the scopes of its token. Only https URLs without a user name are targets,
 * and only if their host belongs to the resource of the scopes, or is allowed.
 *
 * @throws {CliError} `usage`
 */
export function chooseApi(text: string, { named, own, allowedHosts, authority }: ApiChoice): ApiTarget {
  const url = parseApiUrl(text);
  const isAllowed = allowedHosts.map(parseHost).includes(url.host);
  const scopes = named ?? defaultScopes(url, own, authority);
  if (scopes === null) {
    throw new CliError("usage", `The resource of ${url.host} is unknown`, {
      hint: `Name the scopes of its token: --scope api://ID/.default${
        isAllowed ? "" : ` --allow-host ${url.host}`
      }`,
    });
  }
  const resources = [...scopesByResource(scopes, authority).keys()];
  const [resource] = resources;
  const isOwner = resource !== undefined && resources.length === 1 && isHostOf(url, resource, authority);
  if (isOwner || isAllowed) return { url, scopes };
  throw new CliError(
    "usage",
    `${url.host} does not belong to ${resources.join(", ") || scopes.join(" ")}, and gets no token for it`,
    { hint: `Pass --allow-host ${url.host} if you trust this host with your token.` },
  );
}

/** Returns the URL of an API. @throws {CliError} `usage` for one that is not https, or that has a user name. */
function parseApiUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== "https:") {
    throw new CliError("usage", `Invalid URL ${JSON.stringify(text)}: expected an https URL`, {
      hint: "Example: https://graph.microsoft.com/v1.0/me",
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new CliError("usage", `Invalid URL of ${url.host}: expected no user name and password`);
  }
  // It stays on this machine.
  url.hash = "";
  return url;
}

/** Returns a host as URLs have it. @throws {CliError} `usage` for anything but a host with an optional port. */
function parseHost(text: string): string {
  const url = /^[^\s/\\@?#*]+$/.test(text) ? URL.parse(`https://${text}`) : null;
  if (url !== null) return url.host;
  throw new CliError(
    "usage",
    `Invalid --allow-host ${JSON.stringify(text)}: expected a host name with an optional port`,
    { hint: "Example: --allow-host api.contoso.com" },
  );
}

/** Returns the scopes of the profile for the API at `url`, else its `.default`; null if its resource is unknown. */
function defaultScopes(url: URL, own: readonly string[], authority: string): readonly string[] | null {
  for (const [resource, scopes] of scopesByResource(own, authority)) {
    if (isHostOf(url, resource, authority)) return scopes;
  }
  const known = knownResource(url, authority);
  return known === null ? null : [`${known}/.default`];
}

/** Reports whether `url` is at a host of the API that tokens for `resource` are for. */
function isHostOf(url: URL, resource: string, authority: string): boolean {
  const known = knownResource(url, authority);
  if (known !== null) return resourceOf(`${known}/.default`, authority) === resource;
  // Entra accepts https identifiers in verified domains only.
  return URL.parse(resource)?.origin === url.origin;
}

/** Returns the resource of the API at `url`; null if it is none of Microsoft's, or not in the cloud of `authority`. */
function knownResource({ hostname, origin, port }: URL, authority: string): string | null {
  const cloud = cloudOf(authority).name;
  const api = port !== ""
    ? undefined
    : APIS.find(({ hosts }) => hosts[cloud]?.some((host) => names(host, hostname)));
  return api === undefined ? null : api.resource ?? origin;
}

/** Reports whether a host of {@linkcode Api} is `hostname`, or its end after one label. */
function names(host: string, hostname: string): boolean {
  if (!host.startsWith(".")) return hostname === host;
  return hostname.endsWith(host) && /^[a-z0-9-]+$/.test(hostname.slice(0, -host.length));
}
