import { type ErrorContext, type Remedy, type RemedyTable, signInAnew } from "./remedy.ts";

const SIGN_IN_AGAIN: Remedy["hint"] = (context) => `Sign in again: ${signInAnew(context)}`;

const BUSY: Remedy = {
  message: "The sign-in service is not available for the moment",
  hint: () => "Try again in some minutes.",
};

/** A page of the application's registration, which a tenant of B2C keeps elsewhere than others do. */
function b2cPage({ clientId }: ErrorContext, page: string): string {
  return `Azure portal > Azure AD B2C > App registrations > ${clientId} > ${page}`;
}

/**
 * What Azure AD B2C reports most often, by its own numbers. What it says about its own configuration stays in its words,
 * which name the part that is wrong. Meanings after https://learn.microsoft.com/azure/active-directory-b2c/error-codes.
 */
export const B2C_REMEDIES: RemedyTable = {
  AADB2C90118: {
    message: "The password was to be reset, which this policy leaves to another one",
    hint: (context) =>
      `Sign in once by the policy that resets passwords: get-token --no-cache with its URL in --authority\n` +
      `Then by this one: ${signInAnew(context)}`,
  },
  AADB2C90091: { message: "The sign-in was cancelled on its page", hint: SIGN_IN_AGAIN },
  AADB2C90077: {
    message: "Nobody is signed in in the browser, and --prompt none lets it ask nobody",
    hint: (context) => `Sign in without it: ${signInAnew(context)}`,
  },
  AADB2C90080: { message: "The saved sign-in has expired", hint: SIGN_IN_AGAIN },
  AADB2C90129: { message: "The saved sign-in was revoked", hint: SIGN_IN_AGAIN },
  AADB2C90128: { message: "The account of the saved sign-in does not exist any more", hint: SIGN_IN_AGAIN },
  AADB2C90279: { message: "The saved sign-in is another application's", hint: SIGN_IN_AGAIN },
  AADB2C90111: {
    message: "The account is locked",
    hint: ({ tenant }) => `Ask an administrator of ${tenant.split("/")[0]} to unlock it.`,
  },
  AADB2C90114: {
    message: "The account is locked for a while, to keep others from guessing its password",
    hint: (context) => `Wait some minutes, then sign in again: ${signInAnew(context)}`,
  },
  AADB2C90079: {
    message: "The application is not registered as a public client",
    hint: (context) =>
      `Move http://localhost from Web to Mobile and desktop applications: ${
        b2cPage(context, "Authentication")
      }`,
  },
  AADB2C90205: {
    message: "The application may not use this API, or nobody consented",
    hint: (context) => `Add the permission and grant admin consent: ${b2cPage(context, "API permissions")}`,
  },
  AADB2C90035: BUSY,
  AADB2C90244: BUSY,
};
