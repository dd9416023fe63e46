/** One of Microsoft's clouds. */
export interface Cloud {
  /** The name for `--cloud`. */
  readonly name: string;
  /** The name in the Azure CLI. */
  readonly azureName: string;
  /** The base URL of its authority. */
  readonly authority: string;
  /** The host of its authority, and aliases of it. */
  readonly hosts: readonly string[];
  /** Its Microsoft Graph, the resource of scopes that name none. */
  readonly graph: string;
  /** Its Azure Resource Manager, the resource that the Azure CLI gets a token for by default. */
  readonly resourceManager: string;
  /** How the hosts of its container registries end. */
  readonly registries: string;
  /** The end of the domains that Microsoft gives to its tenants. */
  readonly domain: string;
}

const PUBLIC: Cloud = {
  name: "public",
  azureName: "AzureCloud",
  authority: "https://login.microsoftonline.com",
  hosts: ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
  graph: "https://graph.microsoft.com",
  resourceManager: "https://management.core.windows.net/",
  registries: ".azurecr.io",
  domain: ".onmicrosoft.com",
};

/** See https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud. */
export const CLOUDS: readonly Cloud[] = [
  PUBLIC,
  {
    name: "usgov",
    azureName: "AzureUSGovernment",
    authority: "https://login.microsoftonline.us",
    hosts: ["login.microsoftonline.us", "login.usgovcloudapi.net"],
    graph: "https://graph.microsoft.us",
    resourceManager: "https://management.core.usgovcloudapi.net/",
    registries: ".azurecr.us",
    domain: ".onmicrosoft.us",
  },
  {
    name: "china",
    azureName: "AzureChinaCloud",
    authority: "https://login.partner.microsoftonline.cn",
    hosts: ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    graph: "https://microsoftgraph.chinacloudapi.cn",
    resourceManager: "https://management.core.chinacloudapi.cn/",
    registries: ".azurecr.cn",
    domain: ".onmschina.cn",
  },
];

/** Returns `url` with the canonical host of its cloud in place of an alias, and any other URL as it is. */
export function canonicalAuthority(url: string): string {
  const [prefix = "", host = ""] = /^https:\/\/([^/]+)/.exec(url.toLowerCase()) ?? [];
  const cloud = CLOUDS.find(({ hosts }) => hosts.includes(host));
  return cloud === undefined ? url : cloud.authority + url.slice(prefix.length);
}

/** Returns the cloud of `authority`. An authority that is not Microsoft's own, as a custom domain, is in the public cloud. */
export function cloudOf(authority: string): Cloud {
  const known = cloudsOf.get(authority);
  if (known !== undefined) return known;
  const { host = "" } = URL.parse(authority) ?? {};
  const cloud = CLOUDS.find(({ hosts }) => hosts.includes(host)) ?? PUBLIC;
  cloudsOf.set(authority, cloud);
  return cloud;
}

/** The clouds of authorities. Thousands of profiles have a few. */
const cloudsOf = new Map<string, Cloud>();

/** The path of AD FS, in place of a tenant: its users belong to none. */
export const ADFS = "adfs";

/** Returns the URL of the discovery document of an authority, whose URL includes the tenant. */
export function discoveryUrl(authority: string): string {
  return `${authority}${authority.endsWith(`/${ADFS}`) ? "" : "/v2.0"}/.well-known/openid-configuration`;
}
