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
  cause: "Entra redirects only to addresses in the registration. For http://localhost any port is accepted.",
  hint: [
    ...az("ad app update --id {clientId} --public-client-redirect-uris http://localhost"),
    "The command replaces the list: append the application's other redirect URIs to it.",
    `Or add the URI under Mobile and desktop applications: ${appPage("Authentication")}`,
  ],
};

const APPLICATION_NOT_FOUND: Remedy = {
  class: "usage",
  message: "The tenant does not have this application",
  cause:
    "The client ID or the tenant is mistyped, or nobody has used or added the application in the tenant.",
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
  cause: "An administrator turned its service principal off, or Microsoft has disabled the application.",
  hint: [
    ...az("ad sp update --id {clientId} --set accountEnabled=true"),
    `Only an administrator can do that, also in ${enterprisePage("Properties")}`,
  ],
  isFinal: true,
};

const TENANT_NOT_FOUND: Remedy = {
  class: "usage",
  message: "There is no such tenant",
  cause:
    "The tenant ID or domain is mistyped, was deleted, or is in another cloud than the one that was asked.",
  hint: [
    "az account show --query tenantId",
    "Check the tenant ID {tenant}, which is also in Entra admin center > Overview.",
    "A tenant of a national cloud needs --cloud usgov or --cloud china.",
  ],
};

const TENANT_MISSING: Remedy = {
  class: "usage",
  message: "The request does not say which tenant it is for",
  cause: "Neither the authority nor the user name tells the tenant.",
  hint: ["Name the tenant: --tenant-id TENANT"],
};

const NOT_THROUGH_COMMON: Remedy = {
  class: "usage",
  message: "The application, its API or the sign-in method does not support common and consumers",
  cause: "A flow or an API can be limited to work and school accounts, or to one tenant.",
  hint: ["Name a tenant with --tenant-id TENANT, or allow all of them with --tenant-id organizations."],
};

const API_NOT_FOUND: Remedy = {
  class: "usage",
  message: "The tenant does not have the API that the scopes belong to",
  cause: "The scope's API is mistyped, is not in this tenant, or nobody has added its application to it.",
  hint: [
    ...az(`ad sp list --filter "servicePrincipalNames/any(n:n eq '{resource}')" --query "[].appDisplayName"`),
    "Check the spelling of the scopes and the tenant {tenant}. An administrator may have to add the API to it.",
  ],
};

const API_NOT_REQUESTED: Remedy = {
  class: "administrator",
  message: "The application's registration does not list the API of the scopes, or nobody has consented",
  cause:
    "Only APIs under API permissions of the registration can be requested without a question to the user.",
  hint: [
    ...az("ad app permission list --id {clientId}"),
    "az ad app permission admin-consent --id {clientId}",
    `Add the permission and grant admin consent: ${appPage("API permissions")}`,
  ],
};

const SCOPE_INVALID: Remedy = {
  class: "usage",
  message: "A scope is not valid",
  cause: "A scope is mistyped, its API does not have it, or scopes that exclude each other are combined.",
  hint: [
    ...az("ad app permission list --id {clientId}"),
    "Check the spelling, as in --scope https://graph.microsoft.com/User.Read. The command lists what the application " +
    `may request, as does ${appPage("API permissions")}`,
  ],
};

const MALFORMED: Remedy = {
  class: "usage",
  message: "The request is not complete or has an invalid value",
  cause: "A parameter is missing or not valid, or a proxy changed the request.",
  hint: [
    "entra-auth-cli doctor --profile {profile}",
    "Check --scope, --tenant-id and --client-id, and whether a proxy changes requests.",
  ],
};

const ACCOUNT_TYPE: Remedy = {
  class: "usage",
  message: "Accounts of this type, personal or work, cannot be used here",
  cause: "A personal account was used for a work resource, or a work account for personal accounts only.",
  hint: [
    `${SIGN_IN} --prompt select_account`,
    "Choose an account of the other type. --tenant-id organizations is for work accounts, and consumers for personal ones.",
  ],
};

const TWO_APIS: Remedy = {
  class: "usage",
  message: "The scopes belong to more than one API, and a token is valid for one",
  cause: "Entra issues a token for one API at a time.",
  hint: ["Run get-token once for each API, with its own --scope."],
};

const REGISTRATION: Readonly<Record<string, Remedy>> = {
  50011: REDIRECT_URI_MISSING,
  500113: REDIRECT_URI_MISSING,
  9002326: {
    class: "application",
    message: "The redirect URI is registered for another platform than the one of the request",
    cause:
      "http://localhost is registered for web or single-page applications, which redeem codes differently.",
    hint: [
      ...PUBLIC_CLIENT,
      "If it is registered there, a proxy may add an Origin header to the request. Or register http://localhost under " +
      `Mobile and desktop applications: ${appPage("Authentication")}`,
    ],
  },
  9002327: {
    class: "application",
    message: "The redirect URI is registered for a single-page application",
    cause: "Entra gives the tokens of single-page applications only to code in a browser.",
    hint: [
      ...PUBLIC_CLIENT,
      `Remove http://localhost from Single-page application: ${appPage("Authentication")}`,
    ],
  },
  7000218: {
    class: "application",
    message: "The application is not registered as a public client",
    cause: "Entra demands a secret, a certificate or an assertion because public client flows are off.",
    hint: [
      ...PUBLIC_CLIENT,
      "Or move http://localhost from Web to Mobile and desktop applications, and allow public client flows: " +
      appPage("Authentication"),
    ],
  },
  700025: {
    class: "application",
    message: "The application is a public client, but the request has a client secret or certificate",
    cause: "Public clients cannot keep a credential, so Entra refuses one.",
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
    cause: "The client ID is a placeholder, such as a GUID of zeros.",
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
    cause: "Every national cloud has its own sign-in service, and a tenant is in one of them.",
    hint: ["Name the cloud of {tenant}: --cloud public, --cloud usgov or --cloud china."],
  },
  50194: {
    class: "usage",
    message: "The application is for one tenant, and the request names no single tenant",
    cause: "common, organizations and consumers work only for applications that are open to every tenant.",
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
    cause: "The registration's supported account types exclude personal accounts.",
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
    cause: "An administrator turned the API's service principal off, or its subscription has ended.",
    hint: [
      ...az("ad sp update --id {resource} --set accountEnabled=true"),
      "Only an administrator can enable the API {resource}, also in Entra admin center > " +
      "Enterprise applications > Properties",
    ],
    isFinal: true,
  },
  650053: {
    class: "usage",
    message: "The API has no permission with the name of a scope",
    cause: "The name of the permission is mistyped, or it is a permission of another API.",
    hint: [
      ...az('ad sp show --id {resource} --query "oauth2PermissionScopes[].value"'),
      "The command lists the permissions of the API {resource}. Check the spelling " +
      "of --scope.",
    ],
  },
  65002: {
    class: "application",
    message: "Microsoft has not authorized this application of its own for the API",
    cause:
      "Microsoft decides which of its own APIs each of its applications can use. Nobody else can consent.",
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
    cause:
      "The tenant is not managed by an administrator yet, or has another application with the same name.",
    hint: [
      ...az("ad sp create --id {clientId}"),
      "Somebody may have added it at the same time: then sign in again. Otherwise an administrator adds it.",
    ],
  },
  90009: {
    class: "usage",
    message: "The application requests a token for itself, which needs its client ID in the scope",
    cause: "An application may request a token for itself only by its application ID.",
    hint: ["entra-auth-cli get-token --profile {profile} --scope {clientId}/.default"],
  },
  1002012: {
    class: "usage",
    message:
      "An application without a user gets all its permissions of an API at once, and names no single scope",
    cause:
      "Without a user there are no delegated permissions, only those that the application has been given.",
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
    cause: "The authority is mistyped, or belongs to no cloud.",
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
    cause: "Microsoft blocks tenants that have been inactive for months, and deletes them later.",
    hint: ["Ask an administrator of {tenant} to reactivate it with Microsoft support."],
    isFinal: true,
  },
  650056: API_NOT_REQUESTED,
  650057: API_NOT_REQUESTED,
  65005: API_NOT_REQUESTED,
  650052: {
    class: "administrator",
    message: "The organization has no subscription for the service that the scopes belong to",
    cause: "The tenant has no service principal of the API, which it gets with the subscription.",
    hint: ["Ask an administrator of {tenant} to subscribe to the service or to enable it."],
  },
};

// Client secrets, certificates and assertions

const NEW_SECRET_COMMANDS = [
  ...az("ad app credential reset --id {clientId} --append --years 1"),
  "printenv SECRET | entra-auth-cli edit-profile --name {profile} --client-secret-stdin",
];

const NEW_SECRET = [
  ...NEW_SECRET_COMMANDS,
  "The last command stores the secret, which can also be in AZURE_CLIENT_SECRET. az makes one, as does " +
  appPage("Certificates & secrets"),
];

const ASSERTION_TIME: Remedy = {
  class: "application",
  message: "The assertion is not valid at this time: it has expired, or this machine's clock is wrong",
  cause: "Assertions are valid for some minutes only.",
  hint: ["Set this machine's clock, and get a new assertion from its issuer."],
};

const CREDENTIAL_WRONG: Remedy = {
  class: "application",
  message:
    "Entra does not accept the application's credential: the secret, certificate or signature is wrong",
  cause: "The secret, certificate or assertion is wrong, has expired, or belongs to another application.",
  hint: NEW_SECRET,
};

const ASSERTION_SENT =
  "The assertion that was sent has the issuer {issuer}, the subject {subject} and the audience {audience}";

function federated(part: string): Remedy {
  return {
    class: "application",
    message: `The application does not trust a federated credential with this ${part}`,
    cause: "Issuer, subject and audience of the assertion must equal those of one federated credential.",
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      ASSERTION_SENT,
      `Compare it letter by letter with ${appPage("Certificates & secrets > Federated credentials")}`,
    ],
  };
}

const CREDENTIAL: Readonly<Record<string, Remedy>> = {
  7000215: {
    class: "application",
    message: "The client secret is wrong",
    cause:
      "The secret belongs to another application, was deleted, or its ID was given in place of its value.",
    hint: [
      ...NEW_SECRET_COMMANDS,
      "Use the secret's value, not its ID. The value is shown only once, right after the secret is made, by az or in " +
      appPage("Certificates & secrets"),
    ],
  },
  7000222: {
    class: "application",
    message: "The client secret has expired",
    cause: "A secret is valid for two years at most.",
    hint: NEW_SECRET,
  },
  70002: CREDENTIAL_WRONG,
  50012: CREDENTIAL_WRONG,
  7000216: {
    class: "application",
    message: "The application needs a client secret, a certificate or an assertion, and the request has none",
    cause: "The client credentials flow authenticates the application, and the request had no credential.",
    hint: NEW_SECRET,
  },
  1000502: {
    class: "application",
    message: "The certificate of the application is not valid yet, or has expired",
    cause: "The certificate's dates do not include the present time of Entra.",
    hint: [
      ...az("ad app credential reset --id {clientId} --append --cert @certificate.pem"),
      `The command uploads a new certificate, as does ${appPage("Certificates & secrets")}`,
    ],
  },
  700222: {
    class: "application",
    message: "A token that Entra issued is not an assertion that a federated credential accepts",
    cause: "Entra accepts its own tokens as assertions only from managed identities.",
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      ASSERTION_SENT,
      "Use the token of the other issuer, such as the CI system, or a managed identity's.",
    ],
  },
  700229: {
    class: "application",
    message:
      "A federated credential accepts the token of an application or managed identity, not that of a user",
    cause: "Entra accepts its own tokens as assertions only from managed identities.",
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      ASSERTION_SENT,
      "Get the assertion with the application's own credential.",
    ],
  },
  700238: {
    class: "administrator",
    message: "The tenant does not allow federated credentials of this issuer",
    cause: "A policy of the tenant lists the issuers that federated credentials may have.",
    hint: [
      ...az("ad app federated-credential list --id {clientId}"),
      ASSERTION_SENT,
      "Ask an administrator of {tenant} to allow the issuer in the policy for applications.",
    ],
  },
  500131: {
    class: "application",
    message: "The assertion was issued for another application",
    cause: "The audience of the assertion is not the application that presents it.",
    hint: ["Get an assertion whose audience is {clientId}.", ASSERTION_SENT],
  },
  700027: {
    class: "application",
    message: "The application does not have this certificate",
    cause: "The certificate is not registered, or its key does not match the registered one.",
    hint: [
      ...az("ad app credential reset --id {clientId} --append --cert @certificate.pem"),
      "The command uploads the certificate. Or use the one whose thumbprint is in " +
      appPage("Certificates & secrets"),
    ],
  },
  700030: {
    class: "application",
    message: "The application does not trust the subject name of the certificate",
    cause: "With --send-certificate-chain, Entra compares the subject name and issuer with the manifest.",
    hint: [`Compare it with the trusted names in ${appPage("Manifest")}`],
  },
  50013: {
    class: "application",
    message: "The assertion is not valid: its signature, issuer, time or form is wrong",
    cause: "Entra verifies it with the keys that its issuer publishes.",
    hint: [
      "Get a new assertion from its issuer, and check that the issuer's keys can be read from the internet.",
      ASSERTION_SENT,
    ],
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
