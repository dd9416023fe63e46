import {
  appPage,
  type ErrorContext,
  type Remedy,
  type RemedyTable,
  SIGN_IN_LOGS,
  signInAnew,
} from "./remedy.ts";

function seeLogs({ clientId }: ErrorContext): string {
  return `Which policy it was, an administrator sees by the correlation ID and application ${clientId}: ${SIGN_IN_LOGS}`;
}

const SECOND_FACTOR: Remedy = {
  message: "Multifactor authentication is required",
  hint: (context) => `Sign in and prove it in the browser: ${signInAnew(context)}`,
};

const REGISTER_SECOND_FACTOR: Remedy = {
  message: "Multifactor authentication is required, and this account has no method for it yet",
  hint: (context) => `Sign in and set one up in the browser: ${signInAnew(context)}`,
};

const BLOCKED: Remedy = {
  message: "A Conditional Access policy blocks this sign-in",
  hint: (context) =>
    `Try from the network and the device that your organization allows, then: ${signInAnew(context)}\n` +
    seeLogs(context),
};

const DEVICE_NOT_COMPLIANT: Remedy = {
  message: "A Conditional Access policy wants a compliant device, and this one is not known as compliant",
  hint: (context) =>
    `Enroll this device with your organization (Intune), and sign in with a browser that passes the device's identity ` +
    `on: Edge with the work profile, or Chrome with the Microsoft Single Sign On extension. Then: ` +
    `${signInAnew(context)}\n${seeLogs(context)}`,
};

const DEVICE_NOT_MANAGED: Remedy = {
  message: "A Conditional Access policy wants a device that your organization manages",
  hint: DEVICE_NOT_COMPLIANT.hint,
};

const DEVICE_CODE_BLOCKED: Remedy = {
  message: "A Conditional Access policy does not allow the device code flow",
  hint: (context) =>
    `Sign in with a browser on this machine: ${signInAnew(context)} --flow interactive\n${seeLogs(context)}`,
};

const RISK: Remedy = {
  message: "The sign-in is blocked because the account is at risk in its home tenant",
  hint: () =>
    "An administrator of the account's home tenant clears it: Entra admin center > ID Protection > Risky users",
  isFinal: true,
};

const TENANT_RESTRICTED: Remedy = {
  message: "Your network does not allow signing in to this tenant",
  hint: ({ tenant }) => `Ask whoever runs the network to allow ${tenant} in the tenant restrictions.`,
  isFinal: true,
};

/** What policies of the tenant want: Conditional Access, multifactor authentication, security defaults. */
export const POLICY_REMEDIES: RemedyTable = {
  50076: SECOND_FACTOR,
  50074: SECOND_FACTOR,
  50072: REGISTER_SECOND_FACTOR,
  50079: REGISTER_SECOND_FACTOR,
  53004: REGISTER_SECOND_FACTOR,
  50078: {
    message: "The multifactor authentication is too long ago for a policy of the tenant",
    hint: SECOND_FACTOR.hint,
  },
  50158: {
    message:
      "Something else has to be done first, such as accepting the terms of use or another provider's check",
    hint: (context) => `The browser leads there: ${signInAnew(context)}`,
  },
  53003: BLOCKED,
  50131: BLOCKED,
  530032: { ...BLOCKED, message: "A security policy of the tenant blocks this sign-in" },
  530035: {
    message: "The tenant's security defaults block this sign-in",
    hint: (context) =>
      `Sign in with the browser: ${signInAnew(context)} --flow interactive\n` +
      `An administrator sees them here: Entra admin center > Overview > Properties > Manage security defaults`,
  },
  53000: DEVICE_NOT_COMPLIANT,
  530002: DEVICE_NOT_COMPLIANT,
  53001: {
    message: "A Conditional Access policy wants a device that is joined to the domain",
    hint: DEVICE_NOT_COMPLIANT.hint,
  },
  530003: DEVICE_NOT_MANAGED,
  50097: DEVICE_NOT_MANAGED,
  50129: DEVICE_NOT_MANAGED,
  53002: {
    message: "A Conditional Access policy allows approved applications only, and this is not one",
    hint: (context) =>
      `An administrator has to except the application or the user from the policy. ${seeLogs(context)}`,
    isFinal: true,
  },
  530084: {
    message: "A Conditional Access policy wants tokens that are bound to the device (token protection)",
    hint: (context) =>
      `This program can't have such tokens: only the operating system's sign-in broker gives them, and it is not used ` +
      `here. An administrator can leave application ${context.clientId} out of the policy: ` +
      `Entra admin center > Conditional Access > Policies`,
    isFinal: true,
  },
  530033: DEVICE_CODE_BLOCKED,
  530036: DEVICE_CODE_BLOCKED,
  53011: RISK,
  530034: RISK,
  50005: {
    message: "A Conditional Access policy does not allow this operating system",
    hint: seeLogs,
    isFinal: true,
  },
  500021: TENANT_RESTRICTED,
  500022: TENANT_RESTRICTED,
  50196: {
    message: "Entra saw too many of the same request in a short time",
    hint: (context) =>
      `Wait some minutes. If a script calls get-token with --force or --no-cache, let it use the cache. ` +
      `The application: ${appPage(context, "Overview")}`,
  },
};
