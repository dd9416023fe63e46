import { appPage, az, enterprisePage, type Remedy, SIGN_IN, SIGN_IN_LOGS } from "./remedy.ts";

// The account and its consent

const GRANT_CONSENT = [
  ...az("ad app permission admin-consent --id {clientId}"),
  `Only an administrator can do that, also in ${enterprisePage("Permissions")}`,
];

const ADMIN_CONSENT: Remedy = {
  message: "An administrator must consent to these scopes",
  hint: GRANT_CONSENT,
};

const NOT_IN_TENANT: Remedy = {
  message: "The account does not exist in this tenant",
  hint: [
    `${SIGN_IN} --prompt select_account`,
    "Choose an account of {tenant}, or have the account invited as a guest: Entra admin center > Users > New user > " +
    "Invite external user",
  ],
};

const PASSWORD_EXPIRED: Remedy = {
  message: "The password has expired",
  hint: [SIGN_IN, "Change the password in the browser while you sign in."],
};

const PASSWORD_CHANGED: Remedy = {
  message: "The password was changed or has expired since the last sign-in",
  hint: [SIGN_IN],
};

const WRONG_PASSWORD: Remedy = { message: "The user name or password is wrong", hint: [SIGN_IN] };

const NO_CONSENT: Remedy = {
  message: "The application has no consent for these scopes",
  hint: [
    SIGN_IN,
    "Accept the permissions in the browser, or have them granted for all users:",
    ...GRANT_CONSENT,
  ],
};

const ACCOUNT: Readonly<Record<string, Remedy>> = {
  65001: NO_CONSENT,
  65004: {
    message: "Consent was declined",
    hint: [
      "Sign in again and accept, or request fewer scopes with --scope.",
      `The scopes requested by default are in ${appPage("API permissions")}`,
    ],
  },
  90094: ADMIN_CONSENT,
  90095: ADMIN_CONSENT,
  90008: ADMIN_CONSENT,
  50020: NOT_IN_TENANT,
  50034: NOT_IN_TENANT,
  51004: NOT_IN_TENANT,
  16003: NOT_IN_TENANT,
  90072: NOT_IN_TENANT,
  50014: {
    message: "The account is invited to this tenant but has not accepted the invitation",
    hint: ["Accept the invitation in the e-mail, or ask {tenant} to send it again."],
  },
  50105: {
    message: "The application is for assigned users only, and this account is not assigned",
    hint: [
      ...az("ad sp update --id {clientId} --set appRoleAssignmentRequired=false"),
      `The command opens the application to all users. Or assign the user: ${
        enterprisePage("Users and groups")
      }`,
    ],
    isFinal: true,
  },
  50053: {
    message:
      "The account is locked after too many wrong passwords, or the sign-in came from a suspicious address",
    hint: [`Try again in a few minutes. An administrator can see the reason: ${SIGN_IN_LOGS}`],
  },
  50057: {
    message: "The account is disabled",
    hint: [
      ...az("ad user update --id USER --account-enabled true"),
      "Only an administrator can do that, also in Entra admin center > Users",
    ],
    isFinal: true,
  },
  50055: PASSWORD_EXPIRED,
  50144: PASSWORD_EXPIRED,
  50132: PASSWORD_CHANGED,
  50133: PASSWORD_CHANGED,
  50126: WRONG_PASSWORD,
  50056: WRONG_PASSWORD,
  50058: {
    message: "Nobody is signed in to Entra in the browser",
    hint: [SIGN_IN, "Omit --prompt none."],
  },
  16000: {
    message: "Entra does not know which account to use, or the current one is not in this tenant",
    hint: [`${SIGN_IN} --prompt select_account`],
  },
};

// Policies of the tenant: Conditional Access, multifactor authentication, security defaults

const SEE_LOGS =
  `An administrator can find the policy by the correlation ID and application {clientId}: ${SIGN_IN_LOGS}`;

const EXCLUDE_APPLICATION =
  "An administrator can exclude application {clientId} from the policy: Entra admin center > Conditional Access > " +
  "Policies";

const MFA: Remedy = {
  message: "Multifactor authentication is required",
  hint: [SIGN_IN, "Complete it in the browser."],
};

const MFA_REGISTRATION: Remedy = {
  message: "Multifactor authentication is required, and this account has no method for it yet",
  hint: [SIGN_IN, "Set up a method in the browser."],
};

const BLOCKED: Remedy = {
  message: "A Conditional Access policy blocks this sign-in",
  hint: [SIGN_IN, "Use a network and a device that your organization allows.", SEE_LOGS],
};

const ENROLL_DEVICE = [
  SIGN_IN,
  "Before that, enroll this device with your organization (Intune), and use a browser that identifies it: Edge with " +
  "the work profile, or Chrome with the Microsoft Single Sign On extension.",
  SEE_LOGS,
];

const DEVICE_NOT_COMPLIANT: Remedy = {
  message: "A Conditional Access policy requires a compliant device, and this one is not known as compliant",
  hint: ENROLL_DEVICE,
};

const DEVICE_NOT_MANAGED: Remedy = {
  message: "A Conditional Access policy requires a device that your organization manages",
  hint: ENROLL_DEVICE,
};

const DEVICE_CODE_BLOCKED: Remedy = {
  message: "A Conditional Access policy does not allow the device code flow",
  hint: [`${SIGN_IN} --flow interactive`, "It needs a browser on this machine.", SEE_LOGS],
};

const RISK: Remedy = {
  message: "The sign-in is blocked because the account is at risk in its home tenant",
  hint: [
    "An administrator of the account's home tenant can clear the risk: Entra admin center > ID Protection > Risky users",
  ],
  isFinal: true,
};

const TENANT_RESTRICTED: Remedy = {
  message: "Your network does not allow sign-ins to this tenant",
  hint: ["Ask the administrator of the network to allow {tenant} in the tenant restrictions."],
  isFinal: true,
};

const POLICY: Readonly<Record<string, Remedy>> = {
  50076: MFA,
  50074: MFA,
  50072: MFA_REGISTRATION,
  50079: MFA_REGISTRATION,
  53004: MFA_REGISTRATION,
  50078: {
    message: "The last multifactor authentication is too long ago for a policy of the tenant",
    hint: MFA.hint,
  },
  50158: {
    message: "Another step is required first, such as accepting the terms of use or another provider's check",
    hint: [SIGN_IN, "The browser shows the step."],
  },
  53003: BLOCKED,
  50131: BLOCKED,
  530032: { ...BLOCKED, message: "A security policy of the tenant blocks this sign-in" },
  530035: {
    message: "The tenant's security defaults block this sign-in",
    hint: [
      `${SIGN_IN} --flow interactive`,
      "An administrator can see them in Entra admin center > Overview > Properties > Manage security defaults",
    ],
  },
  53000: DEVICE_NOT_COMPLIANT,
  530002: DEVICE_NOT_COMPLIANT,
  53001: {
    message: "A Conditional Access policy requires a device that is joined to the domain",
    hint: ENROLL_DEVICE,
  },
  530003: DEVICE_NOT_MANAGED,
  50097: DEVICE_NOT_MANAGED,
  50129: DEVICE_NOT_MANAGED,
  53002: {
    message: "A Conditional Access policy allows approved applications only, and this one is not approved",
    hint: [EXCLUDE_APPLICATION, SEE_LOGS],
    isFinal: true,
  },
  530084: {
    message: "A Conditional Access policy requires tokens that are bound to the device (token protection)",
    hint: [
      EXCLUDE_APPLICATION,
      "Only the operating system's sign-in broker issues such tokens, and this program does not use it.",
    ],
    isFinal: true,
  },
  530033: DEVICE_CODE_BLOCKED,
  530036: DEVICE_CODE_BLOCKED,
  53011: RISK,
  530034: RISK,
  50005: {
    message: "A Conditional Access policy does not allow this operating system",
    hint: [SEE_LOGS],
    isFinal: true,
  },
  500021: TENANT_RESTRICTED,
  500022: TENANT_RESTRICTED,
  50196: {
    message: "Entra received too many identical requests in a short time",
    hint: [
      "Wait a few minutes. If a script runs get-token with --force or --no-cache, let it use the cache.",
      `The application is ${appPage("Overview")}`,
    ],
  },
};

// Refresh tokens, authorization codes and device codes; failures of the service

const CODE_EXPIRED: Remedy = {
  message: "The code was not entered in time",
  hint: [`${SIGN_IN} --flow device-code`, "Enter the new code before it expires."],
};

const UNAVAILABLE: Remedy = {
  message: "The sign-in service is not available at the moment",
  hint: ["Try again in a few minutes."],
};

const CODE_REUSED: Remedy = {
  message: "The authorization code cannot be used a second time",
  hint: [SIGN_IN],
};

const GRANT: Readonly<Record<string, Remedy>> = {
  700082: {
    message: "The saved sign-in has expired because it was not used for too long",
    hint: [SIGN_IN],
  },
  70008: { message: "The sign-in has expired because it was not used in time", hint: [SIGN_IN] },
  50173: {
    message: "The saved sign-in was revoked by the user, an administrator or a password change",
    hint: [SIGN_IN],
  },
  70043: {
    message: "The saved sign-in is older than a Conditional Access policy allows (sign-in frequency)",
    hint: [SIGN_IN],
  },
  700084: {
    message: "The saved sign-in has expired: for a single-page application it lasts at most a day",
    hint: [
      SIGN_IN,
      `Before that, register http://localhost under Mobile and desktop applications instead: ${
        appPage("Authentication")
      }`,
    ],
  },
  50089: { message: "The saved sign-in has expired", hint: [SIGN_IN] },
  70000: { message: "The saved sign-in is no longer valid", hint: [SIGN_IN] },
  700005: { message: "The sign-in was for another tenant than the requested one", hint: [SIGN_IN] },
  54005: CODE_REUSED,
  501481: CODE_REUSED,
  70016: {
    message: "Nobody has entered the code yet",
    hint: ["Enter the code on the page that is shown with it. The program waits for that."],
  },
  70018: {
    message: "The code that was entered is not the one that was shown",
    hint: [`${SIGN_IN} --flow device-code`, "Enter the new code."],
  },
  70019: CODE_EXPIRED,
  70020: CODE_EXPIRED,
  90033: UNAVAILABLE,
  90006: UNAVAILABLE,
  90012: UNAVAILABLE,
  90024: UNAVAILABLE,
  50033: UNAVAILABLE,
  90055: {
    message: "The tenant sends too many requests",
    hint: ["Wait a few minutes before the next request."],
  },
};

// Azure AD B2C. Errors about its configuration keep B2C's own description, which names the wrong part. Meanings after
// https://learn.microsoft.com/azure/active-directory-b2c/error-codes.

function b2cPage(page: string): string {
  return `Azure portal > Azure AD B2C > App registrations > {clientId} > ${page}`;
}

const B2C: Readonly<Record<string, Remedy>> = {
  AADB2C90118: {
    message: "The user chose to reset the password, for which this policy refers to another one",
    hint: [
      SIGN_IN,
      "Before that, sign in once with the policy that resets passwords: run get-token --no-cache with its URL in " +
      "--authority.",
    ],
  },
  AADB2C90091: { message: "The sign-in was cancelled on its page", hint: [SIGN_IN] },
  AADB2C90077: {
    message: "Nobody is signed in in the browser, and --prompt none does not let B2C ask",
    hint: [SIGN_IN, "Omit --prompt none."],
  },
  AADB2C90080: { message: "The saved sign-in has expired", hint: [SIGN_IN] },
  AADB2C90129: { message: "The saved sign-in was revoked", hint: [SIGN_IN] },
  AADB2C90128: { message: "The account of the saved sign-in no longer exists", hint: [SIGN_IN] },
  AADB2C90279: { message: "The saved sign-in belongs to another application", hint: [SIGN_IN] },
  AADB2C90111: {
    message: "The account is locked",
    hint: ["Ask an administrator of {tenant} to unlock it."],
  },
  AADB2C90114: {
    message: "The account is temporarily locked, to protect its password from guessing",
    hint: [SIGN_IN, "Wait a few minutes before that."],
  },
  AADB2C90079: {
    message: "The application is not registered as a public client",
    hint: [
      `Move http://localhost from Web to Mobile and desktop applications: ${b2cPage("Authentication")}`,
    ],
  },
  AADB2C90205: {
    message: "The application has no permission for this API, or nobody has consented",
    hint: [`Add the permission and grant admin consent: ${b2cPage("API permissions")}`],
  },
  AADB2C90035: UNAVAILABLE,
  AADB2C90244: UNAVAILABLE,
};

/** Errors about the user: the account, its consent and its saved sign-in, policies of the tenant, and B2C's errors. */
export const USER_REMEDIES: Readonly<Record<string, Remedy>> = { ...ACCOUNT, ...POLICY, ...GRANT, ...B2C };

/**
 * Remedies by `suberror`, for an `invalid_grant` or `interaction_required` with an unknown error code. Meanings after
 * https://learn.microsoft.com/entra/msal/dotnet/advanced/exceptions/msal-error-handling.
 */
export const SUBERRORS: Readonly<Record<string, Remedy>> = {
  bad_token: { message: "The saved sign-in is no longer valid", hint: [SIGN_IN] },
  consent_required: {
    message: NO_CONSENT.message,
    hint: [SIGN_IN, "Accept the permissions in the browser."],
  },
  basic_action: {
    message: "Entra requires an action in the browser before it issues a token",
    hint: [SIGN_IN],
  },
  additional_action: {
    message: "Entra requires an action outside of the sign-in before it issues a token",
    hint: [SIGN_IN, "The browser shows the action."],
  },
  message_only: {
    message: "Entra issues no token at the moment, and signing in again would not change that",
    hint: [
      SIGN_IN,
      "Wait until the reason is gone: the network, the device or a policy.",
      `An administrator can find it by the correlation ID: ${SIGN_IN_LOGS}`,
    ],
    isFinal: true,
  },
  user_password_expired: PASSWORD_EXPIRED,
  protection_policy_required: {
    message: "A Conditional Access policy allows only applications with a protection policy (Intune)",
    hint: [EXCLUDE_APPLICATION, "This program cannot have a protection policy."],
    isFinal: true,
  },
};
