import { appPage, az, enterprisePage, type Remedy, SIGN_IN } from "./remedy.ts";

// The application's registration, the tenant and the scopes

const PUBLIC_CLIENT = [
  ...az(
    "ad app update --id {clientId} --is-fallback-public-client true --public-client-redirect-uris http://localhost",
  ),
  "The application must be a public client with http://localhost (any port) under Mobile and desktop applications " +
  "and with delegated permissions only.",
];

const REDIRECT_URI_MISSING: Remedy = {
  class: "application",
  message: "The application does not have http://localhost as a redirect URI",
  hint: [
    ...az("ad app update --id {clientId} --public-client-redirect-uris http://localhost"),
    "The command replaces the list: append the application's other redirect URIs to it.",
    `Or add the URI under Mobile and desktop applications: ${appPage("Authentication")}`,
  ],
};

const APPLICATION_NOT_FOUND: Remedy = {
  class: "usage",
  message: "The tenant does not have this application",
  hint: [
    ...az("ad sp show --id {clientId}"),
    "Check the client ID {clientId} and the tenant {tenant}. If the application belongs to another tenant, an " +
    "administrator must add it to this one first.",
    "In a national cloud, name the cloud: --cloud usgov or --cloud china.",
  ],
};

const APPLICATION_DISABLED: Remedy = {
  class: "administrator",
  message: "The application is disabled in this tenant",
  hint: [
    ...az("ad sp update --id {clientId} --set accountEnabled=true"),
    `Only an administrator can do that, also in ${enterprisePage("Properties")}`,
  ],
  isFinal: true,
};

const TENANT_NOT_FOUND: Remedy = {
  class: "usage",
  message: "There is no such tenant",
  hint: [
    "az account show --query tenantId",
    "Check the tenant ID {tenant}, which is also in Entra admin center > Overview.",
    "A tenant of a national cloud needs --cloud usgov or --cloud china.",
  ],
};

const TENANT_MISSING: Remedy = {
  class: "usage",
  message: "The request does not say which tenant it is for",
  hint: ["Name the tenant: --tenant-id TENANT"],
};

const NOT_THROUGH_COMMON: Remedy = {
  class: "usage",
  message: "The application, its API or the sign-in method does not support common and consumers",
  hint: ["Name a tenant with --tenant-id TENANT, or allow all of them with --tenant-id organizations."],
};

const API_NOT_FOUND: Remedy = {
  class: "usage",
  message: "The tenant does not have the API that the scopes belong to",
  hint: [
    ...az(`ad sp list --filter "servicePrincipalNames/any(n:n eq 'RESOURCE')" --query "[].appDisplayName"`),
    "Check the spelling of the scopes and the tenant {tenant}. An administrator may have to add the API to it.",
  ],
};

const API_NOT_REQUESTED: Remedy = {
  class: "administrator",
  message: "The application's registration does not list the API of the scopes, or nobody has consented",
  hint: [
    ...az("ad app permission list --id {clientId}"),
    "az ad app permission admin-consent --id {clientId}",
    `Add the permission and grant admin consent: ${appPage("API permissions")}`,
  ],
};

const SCOPE_INVALID: Remedy = {
  class: "usage",
  message: "A scope is not valid",
  hint: [
    ...az("ad app permission list --id {clientId}"),
    "Check the spelling, as in --scope https://graph.microsoft.com/User.Read. The command lists what the application " +
    `may request, as does ${appPage("API permissions")}`,
  ],
};

const MALFORMED: Remedy = {
  class: "usage",
  message: "The request is not complete or has an invalid value",
  hint: [
    "entra-auth-cli doctor --profile {profile}",
    "Check --scope, --tenant-id and --client-id, and whether a proxy changes requests.",
  ],
};

const ACCOUNT_TYPE: Remedy = {
  class: "usage",
  message: "Accounts of this type, personal or work, cannot be used here",
  hint: [
    `${SIGN_IN} --prompt select_account`,
    "Choose an account of the other type. --tenant-id organizations is for work accounts, and consumers for personal ones.",
  ],
};

const TWO_APIS: Remedy = {
  class: "usage",
  message: "The scopes belong to more than one API, and a token is valid for one",
  hint: ["Run get-token once for each API, with its own --scope."],
};

const REGISTRATION: Readonly<Record<string, Remedy>> = {
  50011: REDIRECT_URI_MISSING,
  500113: REDIRECT_URI_MISSING,
  9002326: {
    class: "application",
    message: "The redirect URI is registered for another platform than the one of the request",
    hint: [
      ...PUBLIC_CLIENT,
      `Or register http://localhost under Mobile and desktop applications: ${appPage("Authentication")}`,
      "If it is registered there, a proxy may add an Origin header to the request.",
    ],
  },
  9002327: {
    class: "application",
    message: "The redirect URI is registered for a single-page application",
    hint: [
      ...PUBLIC_CLIENT,
      `Remove http://localhost from Single-page application: ${appPage("Authentication")}`,
    ],
  },
  7000218: {
    class: "application",
    message: "The application is not registered as a public client",
    hint: [
      ...PUBLIC_CLIENT,
      "Or move http://localhost from Web to Mobile and desktop applications, and allow public client flows: " +
      appPage("Authentication"),
    ],
  },
  700025: {
    class: "application",
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
  700038: {
    class: "usage",
    message: "The client ID is not the ID of an application",
    hint: [
      "entra-auth-cli edit-profile --name {profile} --client-id CLIENT_ID",
      "The client ID is in Entra admin center > App registrations > Overview.",
    ],
  },
  90002: TENANT_NOT_FOUND,
  900021: TENANT_NOT_FOUND,
  900023: TENANT_NOT_FOUND,
  90038: {
    class: "usage",
    message: "The tenant belongs to another national cloud",
    hint: ["Name the cloud of {tenant}: --cloud public, --cloud usgov or --cloud china."],
  },
  50194: {
    class: "usage",
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
    class: "usage",
    message: "The application is for work and school accounts only",
    hint: [
      "Sign in with a work or school account: --tenant-id organizations",
      `Or open the application to personal accounts: ${appPage("Authentication")}`,
    ],
  },
  70011: SCOPE_INVALID,
  28000: TWO_APIS,
  700022: TWO_APIS,
  500011: API_NOT_FOUND,
  50001: API_NOT_FOUND,
  650054: API_NOT_FOUND,
  500014: {
    class: "administrator",
    message: "The API that the scopes belong to is disabled in this tenant",
    hint: [
      ...az("ad sp update --id RESOURCE --set accountEnabled=true"),
      "RESOURCE is the API in Entra's own words. Only an administrator can enable it, also in Entra admin center > " +
      "Enterprise applications > Properties",
    ],
    isFinal: true,
  },
  650053: {
    class: "usage",
    message: "The API has no permission with the name of a scope",
    hint: [
      ...az('ad sp show --id RESOURCE --query "oauth2PermissionScopes[].value"'),
      "The command lists the permissions of the API RESOURCE, such as https://graph.microsoft.com. Check the spelling " +
      "of --scope.",
    ],
  },
  65002: {
    class: "application",
    message: "Microsoft has not authorized this application of its own for the API",
    hint: [
      ...az(
        "ad app create --display-name entra-auth-cli --is-fallback-public-client true --public-client-redirect-uris " +
          "http://localhost",
      ),
      "entra-auth-cli edit-profile --name {profile} --client-id CLIENT_ID",
      "Use an application of your own: {clientId} belongs to Microsoft, and nobody else can add permissions to it.",
    ],
    isFinal: true,
  },
  650051: {
    class: "administrator",
    message: "Entra could not add the application to the tenant",
    hint: [
      ...az("ad sp create --id {clientId}"),
      "Somebody may have added it at the same time: then sign in again. Otherwise an administrator adds it.",
    ],
  },
  90009: {
    class: "usage",
    message: "The application requests a token for itself, which needs its client ID in the scope",
    hint: ["entra-auth-cli get-token --profile {profile} --scope {clientId}/.default"],
  },
  1002012: {
    class: "usage",
    message:
      "An application without a user gets all its permissions of an API at once, and names no single scope",
    hint: [
      "entra-auth-cli get-token --profile {profile} --scope https://graph.microsoft.com/.default",
      "Write the API and /.default.",
    ],
  },
  28002: SCOPE_INVALID,
  28003: SCOPE_INVALID,
  700023: SCOPE_INVALID,
  900144: MALFORMED,
  90014: MALFORMED,
  90023: MALFORMED,
  90100: MALFORMED,
  50049: {
    class: "usage",
    message: "The authority is not one that Entra knows",
    hint: [
      "entra-auth-cli show-profile --name {profile}",
      "Check --authority and --cloud.",
    ],
  },
  500207: ACCOUNT_TYPE,
  500208: ACCOUNT_TYPE,
  5000225: {
    class: "administrator",
    message: "The tenant is blocked because it was not used for a long time",
    hint: ["Ask an administrator of {tenant} to reactivate it with Microsoft support."],
    isFinal: true,
  },
  650056: API_NOT_REQUESTED,
  650057: API_NOT_REQUESTED,
  65005: API_NOT_REQUESTED,
  650052: {
    class: "administrator",
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

const ASSERTION_TIME: Remedy = {
  class: "application",
  message: "The assertion is not valid at this time: it has expired, or this machine's clock is wrong",
  hint: ["Set this machine's clock, and get a new assertion from its issuer."],
};

const CREDENTIAL_WRONG: Remedy = {
  class: "application",
  message:
    "Entra does not accept the application's credential: the secret, certificate or signature is wrong",
  hint: NEW_SECRET,
};

function federated(part: string): Remedy {
  return {
    class: "application",
    message: `The application does not trust a federated credential with this ${part}`,
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      `Compare it letter by letter with ${appPage("Certificates & secrets > Federated credentials")}`,
    ],
  };
}

const CREDENTIAL: Readonly<Record<string, Remedy>> = {
  7000215: {
    class: "application",
    message: "The client secret is wrong",
    hint: [
      ...NEW_SECRET,
      "Use the secret's value, not its ID. The list shows both, and the value only once, right after it is made.",
    ],
  },
  7000222: { class: "application", message: "The client secret has expired", hint: NEW_SECRET },
  70002: CREDENTIAL_WRONG,
  50012: CREDENTIAL_WRONG,
  7000216: {
    class: "application",
    message: "The application needs a client secret, a certificate or an assertion, and the request has none",
    hint: NEW_SECRET,
  },
  1000502: {
    class: "application",
    message: "The certificate of the application is not valid yet, or has expired",
    hint: [
      ...az("ad app credential reset --id {clientId} --append --cert @certificate.pem"),
      `The command uploads a new certificate, as does ${appPage("Certificates & secrets")}`,
    ],
  },
  700222: {
    class: "application",
    message: "A token that Entra issued is not an assertion that a federated credential accepts",
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      "Use the token of the other issuer, such as the CI system, or a managed identity's.",
    ],
  },
  700229: {
    class: "application",
    message:
      "A federated credential accepts the token of an application or managed identity, not that of a user",
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      "Get the assertion with the application's own credential.",
    ],
  },
  700238: {
    class: "administrator",
    message: "The tenant does not allow federated credentials of this issuer",
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      "Ask an administrator of {tenant} to allow the issuer in the policy for applications.",
    ],
  },
  500131: {
    class: "application",
    message: "The assertion was issued for another application",
    hint: ["Get an assertion whose audience is {clientId}."],
  },
  700027: {
    class: "application",
    message: "The application does not have this certificate",
    hint: [
      ...az("ad app credential reset --id {clientId} --append --cert @certificate.pem"),
      "The command uploads the certificate. Or use the one whose thumbprint is in " +
      appPage("Certificates & secrets"),
    ],
  },
  700030: {
    class: "application",
    message: "The application does not trust the subject name of the certificate",
    hint: [`Compare it with the trusted names in ${appPage("Manifest")}`],
  },
  70021: federated("issuer, subject and audience"),
  700211: federated("issuer"),
  700212: federated("audience"),
  7002121: federated("audience"),
  700213: federated("subject"),
  7002131: federated("subject"),
  700024: ASSERTION_TIME,
  500133: ASSERTION_TIME,
};

/** Errors about the application's registration, its credential, the tenant and the scopes. */
export const APPLICATION_REMEDIES: Readonly<Record<string, Remedy>> = { ...REGISTRATION, ...CREDENTIAL };
