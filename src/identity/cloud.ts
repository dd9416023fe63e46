/** One of Microsoft's clouds: where its accounts sign in, and where its Microsoft Graph is. */
export interface Cloud {
  /** What `--cloud` calls it. */
  readonly name: string;
  /** What the Azure CLI calls it. */
  readonly azureName: string;
  /** Base URL of its authority. */
  readonly authority: string;
  /** The host of its authority, and others that are the same authority. */
  readonly hosts: readonly string[];
  /** Resource of its Microsoft Graph, which scopes without a resource belong to. */
  readonly graph: string;
}

const PUBLIC: Cloud = {
  name: "public",
  azureName: "AzureCloud",
  authority: "https://login.microsoftonline.com",
  hosts: ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
  graph: "https://graph.microsoft.com",
};

/** The clouds, after https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud. */
export const CLOUDS: readonly Cloud[] = [
  PUBLIC,
  {
    name: "usgov",
    azureName: "AzureUSGovernment",
    authority: "https://login.microsoftonline.us",
    hosts: ["login.microsoftonline.us"],
    graph: "https://graph.microsoft.us",
  },
  {
    name: "china",
    azureName: "AzureChinaCloud",
    authority: "https://login.partner.microsoftonline.cn",
    hosts: ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    graph: "https://microsoftgraph.chinacloudapi.cn",
  },
];

/** The cloud that `authority` is the authority of; for any other, as a custom domain, the public one. */
export function cloudOf(authority: string): Cloud {
  const { host = "" } = URL.parse(authority) ?? {};
  return CLOUDS.find(({ hosts }) => hosts.includes(host)) ?? PUBLIC;
}
