import {
  appPage,
  az,
  enterprisePage,
  type ErrorContext,
  type Remedy,
  type RemedyTable,
  SIGN_IN_LOGS,
  signInAnew,
} from "./remedy.ts";

function grantConsent(context: ErrorContext): string {
  return `${enterprisePage(context, "Permissions")}, or\n` +
    az(context, `ad app permission admin-consent --id ${context.clientId}`);
}

const ADMIN_CONSENT: Remedy = {
  message: "An administrator has to consent to these scopes",
  hint: (context) => `Ask one to grant them: ${grantConsent(context)}`,
};

const NOT_IN_TENANT: Remedy = {
  message: "The account does not exist in this tenant",
  hint: (context) =>
    `Sign in with an account of ${context.tenant}: ${signInAnew(context)} --prompt select_account\n` +
    `Or have it invited as a guest: Entra admin center > Users > New user > Invite external user`,
};

const PASSWORD_EXPIRED: Remedy = {
  message: "The password has expired",
  hint: (context) => `Change it where you sign in, in the browser: ${signInAnew(context)}`,
};

const PASSWORD_CHANGED: Remedy = {
  message: "The password was changed or has expired since the last sign-in",
  hint: (context) => `Sign in again: ${signInAnew(context)}`,
};

const WRONG_PASSWORD: Remedy = {
  message: "User name or password is wrong",
  hint: (context) => `Sign in again: ${signInAnew(context)}`,
};

/** What is wrong with the account, and what it has not consented to. */
export const ACCOUNT_REMEDIES: RemedyTable = {
  65001: {
    message: "The application has no consent for these scopes",
    hint: (context) =>
      `Sign in and accept: ${signInAnew(context)}\n` +
      `Or have an administrator consent for everybody: ${grantConsent(context)}`,
  },
  65004: {
    message: "Consent was declined",
    hint: (context) =>
      `Sign in again and accept, or ask for fewer scopes with --scope. What is asked for by default: ` +
      appPage(context, "API permissions"),
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
    message: "The account is invited to this tenant, and has not accepted yet",
    hint: ({ tenant }) =>
      `Accept the invitation, which came by e-mail, or ask somebody of ${tenant} to send it again.`,
  },
  50105: {
    message: "The application is for assigned users only, and this account is not one",
    hint: (context) =>
      `Have the user assigned: ${enterprisePage(context, "Users and groups")}. Or let everybody in:\n` +
      az(context, `ad sp update --id ${context.clientId} --set appRoleAssignmentRequired=false`),
    isFinal: true,
  },
  50053: {
    message:
      "The account is locked after too many wrong passwords, or the sign-in came from a suspicious address",
    hint: () =>
      `Wait some minutes and try again. An administrator sees which of the two it is: ${SIGN_IN_LOGS}`,
  },
  50057: {
    message: "The account is disabled",
    hint: (context) =>
      `An administrator enables it: Entra admin center > Users, or\n` +
      az(context, "ad user update --id USER --account-enabled true"),
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
    hint: (context) => `Sign in without --prompt none: ${signInAnew(context)}`,
  },
  16000: {
    message: "Entra needs to know which account to use, or the one in use has no place in this tenant",
    hint: (context) => `Choose one: ${signInAnew(context)} --prompt select_account`,
  },
};
