import { appPage, az, enterprisePage, type ErrorContext, type Remedy, type RemedyTable } from "./remedy.ts";

function publicClient(context: ErrorContext): string {
  const command = az(
    context,
    `ad app update --id ${context.clientId} --is-fallback-public-client true ` +
      `--public-client-redirect-uris http://localhost`,
  );
  return `${command}\nIt has to be: a public client, http://localhost (any port) under Mobile and desktop ` +
    `applications, delegated permissions only.`;
}

const REDIRECT_URI_MISSING: Remedy = {
  message: "The application does not have http://localhost as a redirect URI",
  hint: (context) =>
    `Add it under Mobile and desktop applications: ${appPage(context, "Authentication")}, or run\n` +
    `${
      az(context, `ad app update --id ${context.clientId} --public-client-redirect-uris http://localhost`)
    }\n` +
    `The command replaces the list: name the other redirect URIs of the application after it.`,
};

const NOT_FOUND: Remedy = {
  message: "The tenant does not know this application",
  hint: (context) =>
    `Check the client ID ${context.clientId} and the tenant ${context.tenant}. An application of another tenant ` +
    `has to be installed in this one first, by an administrator.\n` +
    `${az(context, `ad sp show --id ${context.clientId}`)}\n` +
    `In a national cloud, name it: --cloud usgov or --cloud china.`,
};

const DISABLED: Remedy = {
  message: "The application is disabled in this tenant",
  hint: (context) =>
    `An administrator enables it: ${enterprisePage(context, "Properties")}, or\n` +
    az(context, `ad sp update --id ${context.clientId} --set accountEnabled=true`),
  isFinal: true,
};

const TENANT_NOT_FOUND: Remedy = {
  message: "There is no such tenant",
  hint: ({ tenant }) =>
    `Check the tenant ID ${tenant}: Entra admin center > Overview, or az account show --query tenantId\n` +
    `A tenant of a national cloud needs --cloud usgov or --cloud china.`,
};

const NO_TENANT: Remedy = {
  message: "Nothing in the request says which tenant it is for",
  hint: () => "Name the tenant: --tenant-id TENANT",
};

const NOT_THROUGH_COMMON: Remedy = {
  message: "The application, its API or the way of signing in is not for common and consumers",
  hint: () => "Name a tenant, or all of them: --tenant-id TENANT, or --tenant-id organizations",
};

const RESOURCE_NOT_FOUND: Remedy = {
  message: "The tenant does not know the API that the scopes are for",
  hint: (context) =>
    `Check the spelling of the scopes and the tenant ${context.tenant}; the API may have to be installed there.\n` +
    az(
      context,
      `ad sp list --filter "servicePrincipalNames/any(n:n eq 'RESOURCE')" --query "[].appDisplayName"`,
    ),
};

const NOT_REQUESTED: Remedy = {
  message:
    "The application's registration does not list the API that the scopes are for, or nobody consented",
  hint: (context) =>
    `Add the permission and have it granted: ${appPage(context, "API permissions")}, or\n` +
    `${
      az(context, `ad app permission list --id ${context.clientId}`)
    }\naz ad app permission admin-consent --id ${context.clientId}`,
};

const TWO_RESOURCES: Remedy = {
  message: "The scopes belong to more than one API, and a token is for one",
  hint: () => "Get one token for each API: run get-token once for each, with its own --scope.",
};

/** What is wrong with the application's registration, the tenant or the scopes. */
export const REGISTRATION_REMEDIES: RemedyTable = {
  50011: REDIRECT_URI_MISSING,
  500113: REDIRECT_URI_MISSING,
  9002326: {
    message: "The redirect URI is registered for another platform than the request came from",
    hint: (context) =>
      `Something between here and Entra added an Origin header, as a proxy may. Register http://localhost under ` +
      `Mobile and desktop applications: ${appPage(context, "Authentication")}, or\n${publicClient(context)}`,
  },
  9002327: {
    message: "The redirect URI is registered for a single-page application",
    hint: (context) =>
      `Remove http://localhost from Single-page application, and add it under Mobile and desktop applications: ` +
      `${appPage(context, "Authentication")}. The second half is\n${publicClient(context)}`,
  },
  7000218: {
    message: "The application is not registered as a public client",
    hint: (context) =>
      `Move http://localhost from Web to Mobile and desktop applications, and allow public client flows: ` +
      `${appPage(context, "Authentication")}, or\n${publicClient(context)}`,
  },
  700025: {
    message: "The application is a public client, and a secret or certificate was sent",
    hint: (context) =>
      `Sign in without one, with --flow interactive; or make it confidential: move the redirect URI to Web, and ` +
      `turn public client flows off: ${appPage(context, "Authentication")}`,
  },
  700016: NOT_FOUND,
  700011: NOT_FOUND,
  70001: DISABLED,
  7000112: DISABLED,
  90002: TENANT_NOT_FOUND,
  900023: TENANT_NOT_FOUND,
  90038: {
    message: "The tenant belongs to another national cloud",
    hint: ({ tenant }) => `Name the cloud of ${tenant}: --cloud public, --cloud usgov or --cloud china.`,
  },
  50194: {
    message: "The application is for one tenant, and no single tenant was named",
    hint: (context) =>
      `Name its tenant: --tenant-id TENANT. Or let it serve every tenant: ` +
      `${appPage(context, "Authentication")}, or\n` +
      `az ad app update --id ${context.clientId} --sign-in-audience AzureADMultipleOrgs`,
  },
  50059: NO_TENANT,
  50128: NO_TENANT,
  90019: NO_TENANT,
  9001023: NOT_THROUGH_COMMON,
  90124: NOT_THROUGH_COMMON,
  90130: NOT_THROUGH_COMMON,
  9002332: {
    message: "The application is for work and school accounts only",
    hint: (context) =>
      `Sign in with one: --tenant-id organizations. Or let it serve personal accounts too: ` +
      appPage(context, "Authentication"),
  },
  70011: {
    message: "A scope is not valid",
    hint: (context) =>
      `Check the spelling, as in --scope https://graph.microsoft.com/User.Read. What the application may ask for: ` +
      `${appPage(context, "API permissions")}, or\n` +
      az(context, `ad app permission list --id ${context.clientId}`),
  },
  28000: TWO_RESOURCES,
  700022: TWO_RESOURCES,
  500011: RESOURCE_NOT_FOUND,
  50001: RESOURCE_NOT_FOUND,
  650056: NOT_REQUESTED,
  650057: NOT_REQUESTED,
  65005: NOT_REQUESTED,
  650052: {
    message: "The organization has no subscription to the service that the scopes are for",
    hint: ({ tenant }) => `Ask an administrator of ${tenant} to subscribe to it or to enable it.`,
  },
};
