import { type Remedy, SIGN_IN_LOGS, signInAnew } from "./aadsts/remedy.ts";

/**
 * What Entra's `suberror` says about an `invalid_grant` or `interaction_required` whose number is not known. Meanings
 * after https://learn.microsoft.com/entra/msal/dotnet/advanced/exceptions/msal-error-handling.
 */
const SUBERRORS: Readonly<Record<string, Remedy>> = {
  bad_token: {
    message: "The saved sign-in is not valid any more",
    hint: (context) => `Sign in again: ${signInAnew(context)}`,
  },
  consent_required: {
    message: "The application has no consent for these scopes",
    hint: (context) => `Sign in and accept: ${signInAnew(context)}`,
  },
  basic_action: {
    message: "Entra has something to ask in the browser before it gives a token",
    hint: (context) => `Sign in again: ${signInAnew(context)}`,
  },
  additional_action: {
    message: "Something has to be done outside of the sign-in before Entra gives a token",
    hint: (context) => `The browser says what it is: ${signInAnew(context)}`,
  },
  message_only: {
    message: "Entra refuses a token for the moment, and signing in again would not change that",
    hint: (context) =>
      `Once the reason is gone (the network, the device, a policy), sign in again: ${signInAnew(context)}\n` +
      `An administrator sees the reason by the correlation ID: ${SIGN_IN_LOGS}`,
    isFinal: true,
  },
  user_password_expired: {
    message: "The password has expired",
    hint: (context) => `Change it where you sign in, in the browser: ${signInAnew(context)}`,
  },
  protection_policy_required: {
    message: "A Conditional Access policy allows applications with a protection policy only (Intune)",
    hint: ({ clientId }) =>
      `This program can't have one. An administrator can leave application ${clientId} out of the policy: ` +
      `Entra admin center > Conditional Access > Policies`,
    isFinal: true,
  },
};

/** What is known about a `suberror`; null for one that is not known, and for none. */
export function findSuberror(suberror: string | undefined): Remedy | null {
  if (suberror === undefined || !Object.hasOwn(SUBERRORS, suberror)) return null;
  return SUBERRORS[suberror] ?? null;
}
