import { appPage, az, enterprisePage, type Remedy, SIGN_IN, SIGN_IN_LOGS } from "./remedy.ts";

// The account and its consent

const GRANT_CONSENT = [
  ...az("ad app permission admin-consent --id {clientId}"),
  `Only an administrator can do that, also in ${enterprisePage("Permissions")}`,
];

const ADMIN_CONSENT: Remedy = {
  class: "administrator",
  message: "An administrator must consent to these scopes",
  cause: "The permissions are beyond what users of the tenant may accept for themselves.",
  hint: GRANT_CONSENT,
};

const NOT_IN_TENANT: Remedy = {
  class: "sign_in",
  message: "The account does not exist in this tenant",
  cause: "The account belongs to another organization, is personal, or was deleted, and is no guest here.",
  hint: [
    `${SIGN_IN} --prompt select_account`,
    "Choose an account of {tenant}, or have the account invited as a guest: Entra admin center > Users > New user > " +
    "Invite external user",
  ],
};

const PASSWORD_EXPIRED: Remedy = {
  class: "sign_in",
  message: "The password has expired",
  cause: "The organization demands a new password after a time.",
  hint: [SIGN_IN, "Change the password in the browser while you sign in."],
};

const PASSWORD_CHANGED: Remedy = {
  class: "sign_in",
  message: "The password was changed or has expired since the last sign-in",
  cause: "A new password ends the saved sign-ins.",
  hint: [SIGN_IN],
};

const WRONG_PASSWORD: Remedy = {
  class: "sign_in",
  message: "The user name or password is wrong",
  cause: "The password is mistyped, or the account has none in this directory.",
  hint: [SIGN_IN],
};

const OTHER_ACCOUNT: Remedy = {
  class: "sign_in",
  message: "The browser is signed in with an account that cannot be used here",
  cause:
    "The account of the browser's session belongs to another tenant, is of another type, or was signed out.",
  hint: [`${SIGN_IN} --prompt select_account`],
};

const PASSWORD_CHANGE: Remedy = {
  class: "sign_in",
  message: "The password must be changed first",
  cause: "The account or the sign-in looks at risk, and a new password ends that.",
  hint: [SIGN_IN, "Change the password in the browser while you sign in."],
};

const BROWSER_QUESTION: Remedy = {
  class: "sign_in",
  message: "Entra has a question that only the browser can show",
  cause: "The account must confirm the application, how to stay signed in, or its security data.",
  hint: [SIGN_IN, "Answer the question in the browser."],
};

const NO_CONSENT: Remedy = {
  class: "sign_in",
  message: "The application has no consent for these scopes",
  cause: "Neither the user nor an administrator has accepted the permissions that the scopes stand for.",
  hint: [
    SIGN_IN,
    ...az("ad app permission admin-consent --id {clientId}"),
    "Accept the permissions in the browser. Or have them granted for all users, with az or in " +
    enterprisePage("Permissions"),
  ],
};

const ACCOUNT: Readonly<Record<string, Remedy>> = {
  65001: NO_CONSENT,
  65004: {
    class: "sign_in",
    message: "Consent was declined",
    cause: "The user chose Cancel on the page that lists the permissions.",
    hint: [
      SIGN_IN,
      "Accept the permissions in the browser, or request fewer scopes with --scope.",
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
    class: "administrator",
    message: "The account is invited to this tenant but has not accepted the invitation",
    cause: "A guest must open the link in the invitation before the first sign-in.",
    hint: ["Accept the invitation in the e-mail, or ask {tenant} to send it again."],
  },
  50105: {
    class: "administrator",
    message: "The application is for assigned users only, and this account is not assigned",
    cause: "The tenant requires an assignment of users or groups to this application.",
    hint: [
      ...az("ad sp update --id {clientId} --set appRoleAssignmentRequired=false"),
      `The command opens the application to all users. Or assign the user: ${
        enterprisePage("Users and groups")
      }`,
    ],
    isFinal: true,
  },
  50053: {
    class: "retry",
    message:
      "The account is locked after too many wrong passwords, or the sign-in came from a suspicious address",
    cause: "Entra protects accounts from guessing for some minutes.",
    hint: [`Try again in a few minutes. An administrator can see the reason: ${SIGN_IN_LOGS}`],
  },
  50057: {
    class: "administrator",
    message: "The account is disabled",
    cause: "An administrator blocked the account from signing in.",
    hint: [
      ...az("ad user update --id {user} --account-enabled true"),
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
    class: "sign_in",
    message: "Nobody is signed in to Entra in the browser",
    cause: "The request forbids questions (prompt=none), and the browser has no session.",
    hint: [SIGN_IN, "Omit --prompt none."],
  },
  500341: {
    class: "sign_in",
    message: "The account has been deleted from the tenant",
    cause: "An administrator deleted the user, which can be undone for 30 days.",
    hint: [
      `${SIGN_IN} --prompt select_account`,
      "Choose another account. An administrator can restore a deleted one for 30 days: Entra admin center > Users > " +
      "Deleted users",
    ],
  },
  16001: OTHER_ACCOUNT,
  16002: OTHER_ACCOUNT,
  160021: OTHER_ACCOUNT,
  50136: OTHER_ACCOUNT,
  50143: OTHER_ACCOUNT,
  50197: OTHER_ACCOUNT,
  50064: WRONG_PASSWORD,
  50142: PASSWORD_CHANGE,
  50135: PASSWORD_CHANGE,
  500121: {
    class: "sign_in",
    message: "The second factor was not confirmed",
    cause: "The request on the other device was declined, timed out, or the code was wrong.",
    hint: [SIGN_IN, "Confirm the request of the authenticator, or choose another method in the browser."],
  },
  50125: {
    class: "sign_in",
    message: "Entra wants the password to be reset, or a way to reset it",
    cause: "The account has no data for resetting its password, or an administrator has reset it.",
    hint: [SIGN_IN, "The browser shows the step."],
  },
  50140: BROWSER_QUESTION,
  50199: BROWSER_QUESTION,
  700020: BROWSER_QUESTION,
  16000: {
    class: "sign_in",
    message: "Entra does not know which account to use, or the current one is not in this tenant",
    cause: "More than one account is signed in to the browser, or none that fits.",
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
  class: "sign_in",
  message: "Multifactor authentication is required",
  cause: "A policy of the tenant, or a new location, demands a second factor.",
  hint: [SIGN_IN, "Complete it in the browser."],
};

const MFA_REGISTRATION: Remedy = {
  class: "sign_in",
  message: "Multifactor authentication is required, and this account has no method for it yet",
  cause: "The account must register a second factor first.",
  hint: [SIGN_IN, "Set up a method in the browser."],
};

const BLOCKED: Remedy = {
  class: "administrator",
  message: "A Conditional Access policy blocks this sign-in",
  cause: "The location, device, application or risk of the sign-in does not meet a policy.",
  hint: [SIGN_IN, "Use a network and a device that your organization allows.", SEE_LOGS],
};

const ENROLL_DEVICE = [
  SIGN_IN,
  "Before that, enroll this device with your organization (Intune), and use a browser that identifies it: Edge with " +
  "the work profile, or Chrome with the Microsoft Single Sign On extension.",
  SEE_LOGS,
];

const DEVICE_NOT_COMPLIANT: Remedy = {
  class: "administrator",
  message: "A Conditional Access policy requires a compliant device, and this one is not known as compliant",
  cause: "The device is not managed, does not meet the rules, or the browser does not identify it.",
  hint: ENROLL_DEVICE,
};

const DEVICE_NOT_MANAGED: Remedy = {
  class: "administrator",
  message: "A Conditional Access policy requires a device that your organization manages",
  cause: "The device is not registered, or the browser does not identify it.",
  hint: ENROLL_DEVICE,
};

const DEVICE_CODE_BLOCKED: Remedy = {
  class: "usage",
  message: "A Conditional Access policy does not allow the device code flow",
  cause: "Device codes are a common means of phishing, so many organizations block them.",
  hint: [`${SIGN_IN} --flow interactive`, "It needs a browser on this machine.", SEE_LOGS],
};

const RISK: Remedy = {
  class: "administrator",
  message: "The sign-in is blocked because the account is at risk in its home tenant",
  cause: "Entra found signs that somebody else uses the account.",
  hint: [
    "An administrator of the account's home tenant can clear the risk: Entra admin center > ID Protection > Risky users",
  ],
  isFinal: true,
};

const TENANT_RESTRICTED: Remedy = {
  class: "administrator",
  message: "Your network does not allow sign-ins to this tenant",
  cause: "A proxy of the network adds tenant restrictions to the requests.",
  hint: ["Ask the administrator of the network to allow {tenant} in the tenant restrictions."],
  isFinal: true,
};

const CROSS_TENANT: Remedy = {
  class: "administrator",
  message: "The cross-tenant access policy of one of the organizations does not allow this account",
  cause:
    "The outbound settings of the account's tenant, or the inbound settings of this one, exclude the account.",
  hint: [
    "Ask the administrators of {tenant} and of the account's own tenant: Entra admin center > External Identities > " +
    "Cross-tenant access settings",
  ],
  isFinal: true,
};

const APP_PROTECTION: Remedy = {
  class: "administrator",
  message: "A Conditional Access policy allows only applications with a protection policy (Intune)",
  cause: "Only applications that contain Intune's software can enforce such a policy.",
  hint: [EXCLUDE_APPLICATION, "This program cannot have a protection policy."],
  isFinal: true,
};

const APP_NOT_APPROVED: Remedy = {
  class: "administrator",
  message: "A Conditional Access policy allows approved applications only, and this one is not approved",
  cause: "Only applications of Microsoft's list are approved.",
  hint: [EXCLUDE_APPLICATION, SEE_LOGS],
  isFinal: true,
};

const DEVICE_UNKNOWN: Remedy = {
  class: "administrator",
  message: "Entra could not authenticate the device, or the tenant does not know it",
  cause: "An administrator deleted or disabled the device, or its registration is damaged.",
  hint: [
    SIGN_IN,
    "If that fails, have the device registered again: Entra admin center > Devices > All devices",
  ],
};

const POLICY: Readonly<Record<string, Remedy>> = {
  50076: MFA,
  50074: MFA,
  50072: MFA_REGISTRATION,
  50079: MFA_REGISTRATION,
  53004: MFA_REGISTRATION,
  50078: {
    class: "sign_in",
    message: "The last multifactor authentication is too long ago for a policy of the tenant",
    cause: "The tenant limits how long a second factor counts.",
    hint: MFA.hint,
  },
  50158: {
    class: "sign_in",
    message: "Another step is required first, such as accepting the terms of use or another provider's check",
    cause: "A Conditional Access policy adds the step, which is done in the browser.",
    hint: [SIGN_IN, "The browser shows the step."],
  },
  53003: BLOCKED,
  50131: BLOCKED,
  530031: BLOCKED,
  530022: BLOCKED,
  530032: { ...BLOCKED, message: "A security policy of the tenant blocks this sign-in" },
  530035: {
    class: "sign_in",
    message: "The tenant's security defaults block this sign-in",
    cause: "Security defaults block ways to sign in that cannot demand a second factor.",
    hint: [
      `${SIGN_IN} --flow interactive`,
      "An administrator can see them in Entra admin center > Overview > Properties > Manage security defaults",
    ],
  },
  53000: DEVICE_NOT_COMPLIANT,
  530002: DEVICE_NOT_COMPLIANT,
  53001: {
    class: "administrator",
    message: "A Conditional Access policy requires a device that is joined to the domain",
    cause: "The device is not joined, or the browser does not identify it.",
    hint: ENROLL_DEVICE,
  },
  530003: DEVICE_NOT_MANAGED,
  530004: {
    class: "administrator",
    message: "The organization does not accept the compliant device of another organization",
    cause: "The tenant's cross-tenant access settings do not trust compliant devices of other tenants.",
    hint: [
      "Ask an administrator of {tenant} to trust it: Entra admin center > External Identities > Cross-tenant access " +
      "settings > Trust settings",
    ],
    isFinal: true,
  },
  700003: DEVICE_UNKNOWN,
  50155: DEVICE_UNKNOWN,
  50187: DEVICE_UNKNOWN,
  135011: {
    class: "administrator",
    message: "The device of the sign-in is disabled in the tenant",
    cause: "An administrator disabled the device, or a rule did because it was not used.",
    hint: [
      "Ask an administrator to enable the device: Entra admin center > Devices > All devices. Or sign in from another " +
      "device.",
    ],
    isFinal: true,
  },
  50097: DEVICE_NOT_MANAGED,
  50129: DEVICE_NOT_MANAGED,
  53002: APP_NOT_APPROVED,
  530021: APP_NOT_APPROVED,
  53005: APP_PROTECTION,
  53009: APP_PROTECTION,
  530084: {
    class: "administrator",
    message: "A Conditional Access policy requires tokens that are bound to the device (token protection)",
    cause: "A bound token is of no use on another device, even if it is stolen.",
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
    class: "administrator",
    message: "A Conditional Access policy does not allow this operating system",
    cause: "The policy lists the platforms that may be used.",
    hint: [SEE_LOGS],
    isFinal: true,
  },
  500021: TENANT_RESTRICTED,
  500022: TENANT_RESTRICTED,
  50002: TENANT_RESTRICTED,
  500212: CROSS_TENANT,
  500213: CROSS_TENANT,
  50196: {
    class: "retry",
    message: "Entra received too many identical requests in a short time",
    cause: "A loop repeats a request that can only fail, or ignores the token that it received.",
    hint: [
      "Wait a few minutes. If a script runs get-token with --force or --no-cache, let it use the cache.",
      `The application is ${appPage("Overview")}`,
    ],
  },
};

// Refresh tokens, authorization codes and device codes; failures of the service

const SIGN_IN_FREQUENCY: Remedy = {
  class: "sign_in",
  message: "The saved sign-in is older than a Conditional Access policy allows (sign-in frequency)",
  messageAtSignIn:
    "The session of the browser is older than a Conditional Access policy allows (sign-in frequency)",
  cause: "The policy demands a new sign-in after some hours or days.",
  hint: [SIGN_IN],
};

const DEVICE_SIGN_IN = `${SIGN_IN} --flow device-code`;

const CODE_WRONG: Remedy = {
  class: "sign_in",
  message: "The code that was entered is not the one that was shown",
  cause: "The code is mistyped, or is an earlier one.",
  hint: [DEVICE_SIGN_IN, "Enter the new code."],
};

const CODE_EXPIRED: Remedy = {
  class: "sign_in",
  message: "The code was not entered in time",
  cause: "A device code is valid for 15 minutes.",
  hint: [DEVICE_SIGN_IN, "Enter the new code before it expires."],
};

const UNAVAILABLE: Remedy = {
  class: "retry",
  message: "The sign-in service is not available at the moment",
  cause: "A part of Entra failed or took too long. The request itself may be right.",
  hint: ["Try again in a few minutes."],
};

const CODE_REUSED: Remedy = {
  class: "sign_in",
  message: "The authorization code cannot be used a second time",
  cause: "A code is redeemed once, by the program that requested it.",
  hint: [SIGN_IN],
};

const GRANT: Readonly<Record<string, Remedy>> = {
  700082: {
    class: "sign_in",
    message: "The saved sign-in has expired because it was not used for too long",
    cause: "A refresh token that is not used for 90 days expires.",
    hint: [SIGN_IN],
  },
  70008: {
    class: "sign_in",
    message: "The sign-in has expired because it was not used in time",
    cause: "A code is valid for minutes, and a refresh token for a limited time without use.",
    hint: [SIGN_IN],
  },
  50173: {
    class: "sign_in",
    message: "The saved sign-in was revoked by the user, an administrator or a password change",
    messageAtSignIn: "The sign-in was revoked by the user, an administrator or a password change",
    cause: "Signing out everywhere and changing the password end all earlier sign-ins.",
    hint: [SIGN_IN],
  },
  70043: SIGN_IN_FREQUENCY,
  70044: SIGN_IN_FREQUENCY,
  700081: SIGN_IN_FREQUENCY,
  700084: {
    class: "sign_in",
    message: "The saved sign-in has expired: for a single-page application it lasts at most a day",
    cause: "http://localhost is registered for a single-page application.",
    hint: [
      SIGN_IN,
      `Before that, register http://localhost under Mobile and desktop applications instead: ${
        appPage("Authentication")
      }`,
    ],
  },
  50089: {
    class: "sign_in",
    message: "The saved sign-in has expired",
    messageAtSignIn: "The sign-in has expired",
    cause: "Entra does not accept the refresh token or the session any more.",
    hint: [SIGN_IN],
  },
  70000: {
    class: "sign_in",
    message: "The saved sign-in is no longer valid",
    messageAtSignIn: "Entra did not accept the code of the sign-in",
    cause:
      "The refresh token or the code is damaged, revoked, expired, or was issued to another application.",
    hint: [SIGN_IN],
  },
  700005: {
    class: "sign_in",
    message: "The sign-in was for another tenant than the requested one",
    cause: "The code was issued by another tenant than the one that is asked to redeem it.",
    hint: [SIGN_IN],
  },
  50085: {
    class: "sign_in",
    message: "The saved sign-in needs a new one at the other provider",
    cause: "The refresh token of the personal account is missing or has expired.",
    hint: [SIGN_IN],
  },
  50139: {
    class: "sign_in",
    message: "The saved sign-in of the personal account is not valid",
    cause: "The refresh token of the personal account is missing or has expired.",
    hint: [SIGN_IN],
  },
  9002313: {
    class: "sign_in",
    message: "The request is malformed, or the saved sign-in is damaged",
    messageAtSignIn: "The request or the code of the sign-in is malformed",
    cause: "A parameter or a token was changed or cut on its way.",
    hint: [SIGN_IN, "If it fails again, check --scope and whether a proxy changes requests."],
  },
  54005: CODE_REUSED,
  501481: CODE_REUSED,
  70016: {
    class: "sign_in",
    message: "Nobody has entered the code yet",
    cause: "The device code is waiting for the user.",
    hint: ["Enter the code on the page that is shown with it. The program waits for that."],
  },
  70018: CODE_WRONG,
  70019: CODE_EXPIRED,
  70020: CODE_EXPIRED,
  90033: UNAVAILABLE,
  90006: UNAVAILABLE,
  90012: UNAVAILABLE,
  90024: UNAVAILABLE,
  50033: UNAVAILABLE,
  50000: UNAVAILABLE,
  50087: UNAVAILABLE,
  70012: UNAVAILABLE,
  90090: UNAVAILABLE,
  90091: UNAVAILABLE,
  40010: UNAVAILABLE,
  90119: CODE_WRONG,
  90120: {
    class: "sign_in",
    message: "The device code was already used or declined",
    cause: "A device code can be entered once.",
    hint: [DEVICE_SIGN_IN],
  },
  50134: {
    class: "sign_in",
    message: "The device code was entered in another region than it was requested in",
    cause: "A device code is valid in the region in which it was requested.",
    hint: [`${SIGN_IN} --flow interactive`],
  },
  50088: {
    class: "retry",
    message: "Entra has called or texted too often for multifactor authentication",
    cause: "Too many codes were sent to the telephone in a short time.",
    hint: ["Wait a few minutes, or choose another method in the browser."],
  },
  90055: {
    class: "retry",
    message: "The tenant sends too many requests",
    cause: "Entra limits the requests of a tenant and an application.",
    hint: ["Wait a few minutes before the next request."],
  },
};

// Azure AD B2C. Errors about its configuration keep B2C's own description, which names the wrong part. Meanings after
// https://learn.microsoft.com/azure/active-directory-b2c/error-codes.

function b2cPage(page: string): string {
  return `Azure portal > Azure AD B2C > App registrations > {clientId} > ${page}`;
}

const B2C_TOO_OFTEN: Remedy = {
  class: "sign_in",
  message: "The sign-in was tried too often",
  cause: "The page allows a limited number of attempts.",
  hint: [SIGN_IN, "Wait a few minutes before that."],
};

const B2C: Readonly<Record<string, Remedy>> = {
  AADB2C90118: {
    class: "sign_in",
    message: "The user chose to reset the password, for which this policy refers to another one",
    cause: "The page has a link to reset the password, which the policy leaves to the application.",
    hint: [
      SIGN_IN,
      "Before that, sign in once with the policy that resets passwords: run get-token --no-cache with its URL in " +
      "--authority.",
    ],
  },
  AADB2C90091: {
    class: "sign_in",
    message: "The sign-in was cancelled on its page",
    cause: "The user chose Cancel, there or at the identity provider.",
    hint: [SIGN_IN],
  },
  AADB2C90273: {
    class: "sign_in",
    message: "The sign-in was cancelled or refused at the other identity provider",
    cause: "The user chose Cancel there, or that provider refused the account.",
    hint: [SIGN_IN],
  },
  AADB2C90077: {
    class: "sign_in",
    message: "Nobody is signed in in the browser, and --prompt none does not let B2C ask",
    cause: "The request forbids questions, and the browser has no session.",
    hint: [SIGN_IN, "Omit --prompt none."],
  },
  AADB2C90080: {
    class: "sign_in",
    message: "The saved sign-in has expired",
    cause: "The policy limits how long a refresh token is valid.",
    hint: [SIGN_IN],
  },
  AADB2C90088: {
    class: "sign_in",
    message: "The saved sign-in belongs to another policy",
    cause: "A refresh token is accepted only by the policy that issued it.",
    hint: [SIGN_IN],
  },
  AADB2C99002: {
    class: "sign_in",
    message: "There is no such account",
    cause: "The account has not been made at this tenant.",
    hint: [SIGN_IN, "Sign up on the page first."],
  },
  AADB2C90151: B2C_TOO_OFTEN,
  AADB2C90157: B2C_TOO_OFTEN,
  AADB2C90129: {
    class: "sign_in",
    message: "The saved sign-in was revoked",
    cause: "The user or an administrator ended all sign-ins.",
    hint: [SIGN_IN],
  },
  AADB2C90128: {
    class: "sign_in",
    message: "The account of the saved sign-in no longer exists",
    cause: "The account was deleted.",
    hint: [SIGN_IN],
  },
  AADB2C90279: {
    class: "sign_in",
    message: "The saved sign-in belongs to another application",
    cause: "A refresh token is accepted only from the application that received it.",
    hint: [SIGN_IN],
  },
  AADB2C90111: {
    class: "administrator",
    message: "The account is locked",
    cause: "An administrator or a policy blocked the account.",
    hint: ["Ask an administrator of {tenant} to unlock it."],
  },
  AADB2C90114: {
    class: "retry",
    message: "The account is temporarily locked, to protect its password from guessing",
    cause: "The password was wrong too often.",
    hint: [SIGN_IN, "Wait a few minutes before that."],
  },
  AADB2C90006: {
    class: "application",
    message: "The application does not have http://localhost as a redirect URI",
    cause: "B2C redirects only to addresses in the registration.",
    hint: [`Add the URI under Mobile and desktop applications: ${b2cPage("Authentication")}`],
  },
  AADB2C90117: {
    class: "usage",
    message: "B2C does not support a scope that was requested",
    cause: "B2C issues tokens for the tenant's own APIs, not for Microsoft Graph.",
    hint: ["Name a scope of an API in this tenant, or the client ID itself: --scope {clientId}"],
  },
  AADB2C90079: {
    class: "application",
    message: "The application is not registered as a public client",
    cause: "B2C demands a client secret because the redirect URI is registered for web applications.",
    hint: [
      `Move http://localhost from Web to Mobile and desktop applications: ${b2cPage("Authentication")}`,
    ],
  },
  AADB2C90205: {
    class: "administrator",
    message: "The application has no permission for this API, or nobody has consented",
    cause: "B2C does not ask users: an administrator grants the permissions.",
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
  bad_token: {
    class: "sign_in",
    message: "The saved sign-in is no longer valid",
    cause:
      "The refresh token or the code is damaged, revoked, expired, or was issued to another application.",
    hint: [SIGN_IN],
  },
  consent_required: {
    class: "sign_in",
    message: NO_CONSENT.message,
    cause: "Neither the user nor an administrator has accepted the permissions that the scopes stand for.",
    hint: [SIGN_IN, "Accept the permissions in the browser."],
  },
  basic_action: {
    class: "sign_in",
    message: "Entra requires an action in the browser before it issues a token",
    cause: "The account must confirm something that this program cannot show.",
    hint: [SIGN_IN],
  },
  additional_action: {
    class: "sign_in",
    message: "Entra requires an action outside of the sign-in before it issues a token",
    cause: "A policy demands something of the account or the device first.",
    hint: [SIGN_IN, "The browser shows the action."],
  },
  message_only: {
    class: "administrator",
    message: "Entra issues no token at the moment, and signing in again would not change that",
    cause: "A policy blocks the request for a reason that the user cannot remove in the browser.",
    hint: [
      SIGN_IN,
      "Wait until the reason is gone: the network, the device or a policy.",
      `An administrator can find it by the correlation ID: ${SIGN_IN_LOGS}`,
    ],
    isFinal: true,
  },
  user_password_expired: PASSWORD_EXPIRED,
  protection_policy_required: APP_PROTECTION,
};
