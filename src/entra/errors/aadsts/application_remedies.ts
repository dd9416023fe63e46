import { appPage, az, enterprisePage, type Remedy } from "./remedy.ts";

// The application's registration, the tenant and the scopes

const PUBLIC_CLIENT = [
  ...az(
    "ad app update --id {clientId} --is-fallback-public-client true --public-client-redirect-uris http://localhost",
  ),
  "The application must be a public client with http://localhost (any port) under Mobile and desktop applications " +
  "and with delegated permissions only.",
];

const REDIRECT_URI_MISSING: Remedy = {
  message: "The application does not have http://localhost as a redirect URI",
  hint: [
    ...az("ad app update --id {clientId} --public-client-redirect-uris http://localhost"),
    "The command replaces the list: append the application's other redirect URIs to it.",
    `Or add the URI under Mobile and desktop applications: ${appPage("Authentication")}`,
  ],
};

const APPLICATION_NOT_FOUND: Remedy = {
  message: "The tenant does not have this application",
  hint: [
    ...az("ad sp show --id {clientId}"),
    "Check the client ID {clientId} and the tenant {tenant}. If the application belongs to another tenant, an " +
    "administrator must add it to this one first.",
    "In a national cloud, name the cloud: --cloud usgov or --cloud china.",
  ],
};

const APPLICATION_DISABLED: Remedy = {
  message: "The application is disabled in this tenant",
  hint: [
    ...az("ad sp update --id {clientId} --set accountEnabled=true"),
    `Only an administrator can do that, also in ${enterprisePage("Properties")}`,
  ],
  isFinal: true,
};

const TENANT_NOT_FOUND: Remedy = {
  message: "There is no such tenant",
  hint: [
    "az account show --query tenantId",
    "Check the tenant ID {tenant}, which is also in Entra admin center > Overview.",
    "A tenant of a national cloud needs --cloud usgov or --cloud china.",
  ],
};

const TENANT_MISSING: Remedy = {
  message: "The request does not say which tenant it is for",
  hint: ["Name the tenant: --tenant-id TENANT"],
};

const NOT_THROUGH_COMMON: Remedy = {
  message: "The application, its API or the sign-in method does not support common and consumers",
  hint: ["Name a tenant with --tenant-id TENANT, or allow all of them with --tenant-id organizations."],
};

const API_NOT_FOUND: Remedy = {
  message: "The tenant does not have the API that the scopes belong to",
  hint: [
    ...az(`ad sp list --filter "servicePrincipalNames/any(n:n eq 'RESOURCE')" --query "[].appDisplayName"`),
    "Check the spelling of the scopes and the tenant {tenant}. An administrator may have to add the API to it.",
  ],
};

const API_NOT_REQUESTED: Remedy = {
  message: "The application's registration does not list the API of the scopes, or nobody has consented",
  hint: [
    ...az("ad app permission list --id {clientId}"),
    "az ad app permission admin-consent --id {clientId}",
    `Add the permission and grant admin consent: ${appPage("API permissions")}`,
  ],
};

const TWO_APIS: Remedy = {
  message: "The scopes belong to more than one API, and a token is valid for one",
  hint: ["Run get-token once for each API, with its own --scope."],
};

const REGISTRATION: Readonly<Record<string, Remedy>> = {
  50011: REDIRECT_URI_MISSING,
  500113: REDIRECT_URI_MISSING,
  9002326: {
    message: "The redirect URI is registered for another platform than the one of the request",
    hint: [
      ...PUBLIC_CLIENT,
      `Or register http://localhost under Mobile and desktop applications: ${appPage("Authentication")}`,
      "If it is registered there, a proxy may add an Origin header to the request.",
    ],
  },
  9002327: {
    message: "The redirect URI is registered for a single-page application",
    hint: [
      ...PUBLIC_CLIENT,
      `Remove http://localhost from Single-page application: ${appPage("Authentication")}`,
    ],
  },
  7000218: {
    message: "The application is not registered as a public client",
    hint: [
      ...PUBLIC_CLIENT,
      "Or move http://localhost from Web to Mobile and desktop applications, and allow public client flows: " +
      appPage("Authentication"),
    ],
  },
  700025: {
    message: "The application is a public client, but the request has a client secret or certificate",
    hint: [
      "Sign in without a credential, with --flow interactive.",
      "Or make the application confidential: move the redirect URI to Web, and turn off public client flows in " +
      appPage("Authentication"),
    ],
  },
  700016: APPLICATION_NOT_FOUND,
  700011: APPLICATION_NOT_FOUND,
  70001: APPLICATION_DISABLED,
  7000112: APPLICATION_DISABLED,
  90002: TENANT_NOT_FOUND,
  900023: TENANT_NOT_FOUND,
  90038: {
    message: "The tenant belongs to another national cloud",
    hint: ["Name the cloud of {tenant}: --cloud public, --cloud usgov or --cloud china."],
  },
  50194: {
    message: "The application is for one tenant, and the request names no single tenant",
    hint: [
      "az ad app update --id {clientId} --sign-in-audience AzureADMultipleOrgs",
      `The command opens the application to every tenant, as does ${appPage("Authentication")}`,
      "Or name its tenant: --tenant-id TENANT",
    ],
  },
  50059: TENANT_MISSING,
  50128: TENANT_MISSING,
  90019: TENANT_MISSING,
  9001023: NOT_THROUGH_COMMON,
  90124: NOT_THROUGH_COMMON,
  90130: NOT_THROUGH_COMMON,
  9002332: {
    message: "The application is for work and school accounts only",
    hint: [
      "Sign in with a work or school account: --tenant-id organizations",
      `Or open the application to personal accounts: ${appPage("Authentication")}`,
    ],
  },
  70011: {
    message: "A scope is not valid",
    hint: [
      ...az("ad app permission list --id {clientId}"),
      "Check the spelling, as in --scope https://graph.microsoft.com/User.Read. The command lists what the application " +
      `may request, as does ${appPage("API permissions")}`,
    ],
  },
  28000: TWO_APIS,
  700022: TWO_APIS,
  500011: API_NOT_FOUND,
  50001: API_NOT_FOUND,
  650056: API_NOT_REQUESTED,
  650057: API_NOT_REQUESTED,
  65005: API_NOT_REQUESTED,
  650052: {
    message: "The organization has no subscription for the service that the scopes belong to",
    hint: ["Ask an administrator of {tenant} to subscribe to the service or to enable it."],
  },
};

// Client secrets, certificates and assertions

const NEW_SECRET = [
  ...az("ad app credential reset --id {clientId} --append --years 1"),
  "printenv SECRET | entra-auth-cli edit-profile --name {profile} --client-secret-stdin",
  `The first command makes a secret, as does ${appPage("Certificates & secrets")}`,
  "The last one stores it in the profile. Or put it into AZURE_CLIENT_SECRET.",
];

function federated(part: string): Remedy {
  return {
    message: `The application does not trust a federated credential with this ${part}`,
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      `Compare it letter by letter with ${appPage("Certificates & secrets > Federated credentials")}`,
    ],
  };
}

const CREDENTIAL: Readonly<Record<string, Remedy>> = {
  7000215: {
    message: "The client secret is wrong",
    hint: [
      ...NEW_SECRET,
      "Use the secret's value, not its ID. The list shows both, and the value only once, right after it is made.",
    ],
  },
  7000222: { message: "The client secret has expired", hint: NEW_SECRET },
  700027: {
    message: "The application does not have this certificate",
    hint: [
      ...az("ad app credential reset --id {clientId} --append --cert @certificate.pem"),
      "The command uploads the certificate. Or use the one whose thumbprint is in " +
      appPage("Certificates & secrets"),
    ],
  },
  700030: {
    message: "The application does not trust the subject name of the certificate",
    hint: [`Compare it with the trusted names in ${appPage("Manifest")}`],
  },
  70021: federated("issuer, subject and audience"),
  700211: federated("issuer"),
  700212: federated("audience"),
  7002121: federated("audience"),
  700213: federated("subject"),
  7002131: federated("subject"),
  700024: {
    message: "The assertion is not valid at this time: it has expired, or this machine's clock is wrong",
    hint: ["Set this machine's clock, and get a new assertion from its issuer."],
  },
};

/** Errors about the application's registration, its credential, the tenant and the scopes. */
export const APPLICATION_REMEDIES: Readonly<Record<string, Remedy>> = { ...REGISTRATION, ...CREDENTIAL };
