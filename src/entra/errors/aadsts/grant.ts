import { appPage, type Remedy, type RemedyTable, signInAnew } from "./remedy.ts";

const SIGN_IN_AGAIN: Remedy["hint"] = (context) => `Sign in again: ${signInAnew(context)}`;

const CODE_EXPIRED: Remedy = {
  message: "The code was not entered in time",
  hint: (context) =>
    `Start again, and enter the new code before it expires: ${signInAnew(context)} --flow device-code`,
};

const UNAVAILABLE: Remedy = {
  message: "The sign-in service is not available for the moment",
  hint: () => "Try again in some minutes.",
};

const STALE_CODE: Remedy = {
  message: "The answer of the browser could not be used a second time",
  hint: SIGN_IN_AGAIN,
};

/** What is wrong with a refresh token, an authorization code or a device code; and the service's own troubles. */
export const GRANT_REMEDIES: RemedyTable = {
  700082: {
    message: "The saved sign-in has expired, because it was not used for too long",
    hint: SIGN_IN_AGAIN,
  },
  70008: { message: "The sign-in has expired, because it was not used in time", hint: SIGN_IN_AGAIN },
  50173: {
    message: "The saved sign-in was revoked, by the user, by an administrator or by a new password",
    hint: SIGN_IN_AGAIN,
  },
  70043: {
    message: "The saved sign-in is older than a Conditional Access policy allows (sign-in frequency)",
    hint: SIGN_IN_AGAIN,
  },
  700084: {
    message: "The saved sign-in has expired: that of a single-page application lasts a day at most",
    hint: (context) =>
      `Register http://localhost under Mobile and desktop applications instead: ` +
      `${appPage(context, "Authentication")}\nThen sign in again: ${signInAnew(context)}`,
  },
  50089: { message: "The saved sign-in has expired", hint: SIGN_IN_AGAIN },
  70000: { message: "The saved sign-in is not valid any more", hint: SIGN_IN_AGAIN },
  700005: { message: "The sign-in was for another tenant than the one that was asked", hint: SIGN_IN_AGAIN },
  54005: STALE_CODE,
  501481: STALE_CODE,
  70016: {
    message: "Nobody has entered the code yet",
    hint: () => "Enter it on the page that is shown with it; the program waits meanwhile.",
  },
  70018: {
    message: "The code that was entered is not the one that was shown",
    hint: (context) => `Start again, and enter the new code: ${signInAnew(context)} --flow device-code`,
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
    hint: () => "Wait some minutes before the next one.",
  },
};
