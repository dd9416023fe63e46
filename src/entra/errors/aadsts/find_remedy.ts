import { shellWord } from "../../../text/shell_word.ts";
import { ADFS } from "../../../identity/cloud.ts";
import { CONSUMERS_TENANT } from "../../authority.ts";
import { APPLICATION_REMEDIES } from "./application_remedies.ts";
import { findOtherNumber, OTHER_NUMBERS } from "./other_numbers.ts";
import { appPage, az, AZ_LOGIN, enterprisePage, type ErrorContext, type Remedy, SIGN_IN } from "./remedy.ts";
import { SUBERRORS, USER_REMEDIES } from "./user_remedies.ts";

/**
 * Remedies by error code; digits alone stand for `AADSTS` and the digits. Meanings after
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
 */
const REMEDIES: Readonly<Record<string, Remedy>> = { ...APPLICATION_REMEDIES, ...USER_REMEDIES };

/** Values of a tenant that `az` cannot sign in to. */
const MANY_TENANTS = ["common", "organizations", "consumers"];

/** Returns the remedy for an error code such as `AADSTS50011` or `AADB2C90118`, or null if it has none of its own. */
export function findRemedy(aadsts: string): Remedy | null {
  const number = tableKey(aadsts);
  return Object.hasOwn(REMEDIES, number) ? REMEDIES[number] ?? null : null;
}

/**
 * Returns the meaning of an error code: its remedy, otherwise a sentence and the hint of its class; null if the code is
 * unknown. For a code without a remedy, the authority's own description says more than the sentence.
 */
export function findMeaning(aadsts: string): Remedy | null {
  return findRemedy(aadsts) ?? findOtherNumber(tableKey(aadsts));
}

function tableKey(aadsts: string): string {
  return aadsts.toUpperCase().replace(/^AADSTS/, "");
}

/** Returns the remedy for a `suberror`, or null if it is unknown or missing. */
export function findSuberror(suberror: string | undefined): Remedy | null {
  if (suberror === undefined || !Object.hasOwn(SUBERRORS, suberror)) return null;
  return SUBERRORS[suberror] ?? null;
}

/** Returns the remedy for an error code of OAuth or OpenID Connect that comes without a number, or null. */
export function findCode(code: string): Remedy | null {
  return Object.hasOwn(CODES, code) ? CODES[code] ?? null : null;
}

/** Returns every error code that {@linkcode findMeaning} knows, such as `AADSTS50011`, sorted. */
export function knownNumbers(): string[] {
  return [REMEDIES, ...Object.values(OTHER_NUMBERS)].flatMap(Object.keys).sort().map((number) =>
    /^\d/.test(number) ? `AADSTS${number}` : number
  );
}

/** The tenant of personal accounts has no administrator. */
export function isPersonalTenant(tenant: string): boolean {
  return ["consumers", CONSUMERS_TENANT].includes(tenant.toLowerCase());
}

/** A resource that can stand in a command, between quotes or not. */
const PLAIN_RESOURCE = /^[\w.:/-]+$/;

/** Returns the hint of `remedy` for the application, tenant and profile in use. */
export function formatHint({ hint }: Pick<Remedy, "hint">, context: ErrorContext): string {
  const { clientId, profile, resource = "", user = "", assertion } = context;
  // For B2C the policy follows the tenant.
  const [tenant = ""] = context.tenant.split("/");
  const values: Readonly<Record<string, string | undefined>> = {
    clientId,
    tenant: shellWord(tenant),
    profile: shellWord(profile),
    resource: PLAIN_RESOURCE.test(resource) ? resource : "RESOURCE",
    user: user === "" ? "USER" : shellWord(user),
    ...assertion,
  };
  const lines = hint.filter((line) => line !== AZ_LOGIN || !MANY_TENANTS.includes(tenant))
    .filter((line) => [...line.matchAll(/\{(\w+)\}/g)].every(([, name = ""]) => values[name] !== undefined))
    .map((line) => line.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder));
  const useless = uselessLines(tenant);
  const others = lines.filter((line) => !useless?.test(line));
  return (others.length > 0 ? others : lines).join("\n");
}

/** Returns what marks the lines of hints that do not help in a tenant, or null if all may help. */
function uselessLines(tenant: string): RegExp | null {
  if (isPersonalTenant(tenant)) return /\badministrator\b/i;
  return tenant === ADFS ? /\bEntra admin center\b|^az / : null;
}

const SERVICE_FAILED = {
  class: "retry",
  cause: "A part of the service failed or took too long. The request itself may be right.",
  hint: ["Try again in a few minutes."],
} as const;

const API_UNKNOWN: Remedy = {
  class: "usage",
  message: "The authority does not know the API that the scopes belong to",
  cause: "The scope's API is mistyped, or nobody has added it to the tenant.",
  hint: ["Check the spelling of the scopes for {resource}, and the tenant {tenant}."],
};

const FLOW_UNSUPPORTED: Remedy = {
  class: "usage",
  message: "The authority does not support this flow",
  cause: "The authority or the application's registration does not have the grant or response type.",
  hint: ["Check --authority, or use another flow, as in --flow device-code."],
};

/**
 * Remedies for error codes without a number: RFC 6749 sections 4.1.2.1 and 5.2, RFC 8707 section 2, and OpenID Connect
 * Core 1.0 section 3.1.2.6.
 */
const CODES: Readonly<Record<string, Remedy>> = {
  access_denied: {
    class: "sign_in",
    message: "The sign-in was cancelled or declined in the browser",
    cause: "The user chose Cancel or Back on a page of the sign-in, or closed the question for permissions.",
    hint: [
      SIGN_IN,
      "If the page asked for an administrator's approval, an administrator must grant the permissions first: " +
      enterprisePage("Permissions"),
    ],
  },
  server_error: { ...SERVICE_FAILED, message: "The sign-in service failed" },
  temporarily_unavailable: {
    ...SERVICE_FAILED,
    message: "The sign-in service is not available at the moment",
  },
  login_required: {
    class: "sign_in",
    message: "Nobody is signed in in the browser",
    cause: "The request forbids questions (prompt=none), and the browser has no session.",
    hint: [SIGN_IN, "Omit --prompt none."],
  },
  account_selection_required: {
    class: "sign_in",
    message: "The authority does not know which account to use",
    cause: "More than one account is signed in to the browser.",
    hint: [`${SIGN_IN} --prompt select_account`],
  },
  interaction_required: {
    class: "sign_in",
    message: "The authority requires an action in the browser before it issues a token",
    cause: "The account must confirm something that this program cannot show.",
    hint: [SIGN_IN],
  },
  consent_required: {
    class: "sign_in",
    message: "The application has no consent for these scopes",
    cause: "Neither the user nor an administrator has accepted the permissions that the scopes stand for.",
    hint: [SIGN_IN, "Accept the permissions in the browser."],
  },
  unmet_authentication_requirements: {
    class: "sign_in",
    message: "The sign-in did not meet a requirement of the request",
    cause: "The request demanded a way to authenticate that the account does not have.",
    hint: [SIGN_IN, "Use another method of authentication in the browser, or omit --claims."],
  },
  invalid_grant: {
    class: "sign_in",
    message: "The saved sign-in is no longer valid",
    messageAtSignIn: "The authority did not accept the code of the sign-in",
    cause:
      "The refresh token or the code is damaged, revoked, expired, or was issued to another application.",
    hint: [SIGN_IN],
  },
  invalid_scope: {
    class: "usage",
    message: "A scope is not valid",
    cause: "A scope is mistyped, its API does not have it, or scopes that exclude each other are combined.",
    hint: [
      ...az("ad app permission list --id {clientId}"),
      "Check the spelling, as in --scope https://graph.microsoft.com/User.Read.",
    ],
  },
  invalid_resource: API_UNKNOWN,
  invalid_target: API_UNKNOWN,
  invalid_client: {
    class: "application",
    message: "The authority does not accept the application or its credential",
    cause: "The client ID, secret, certificate or assertion is wrong, or the authority expects none.",
    hint: [
      ...az("ad app show --id {clientId}"),
      `Check --client-id and the credential: ${appPage("Certificates & secrets")}`,
    ],
  },
  unauthorized_client: {
    class: "application",
    message: "The application is not allowed to sign in this way",
    cause: "The registration does not allow the flow or the type of account.",
    hint: [
      ...az("ad app show --id {clientId}"),
      `Check the supported account types and the platforms: ${appPage("Authentication")}`,
    ],
  },
  unsupported_grant_type: FLOW_UNSUPPORTED,
  unsupported_response_type: FLOW_UNSUPPORTED,
  request_not_supported: FLOW_UNSUPPORTED,
  invalid_request: {
    class: "usage",
    message: "The authority does not accept the request",
    cause: "A parameter is missing, is not valid, or occurs twice.",
    hint: ["Check --authority, --tenant-id, --client-id and --scope."],
  },
};
