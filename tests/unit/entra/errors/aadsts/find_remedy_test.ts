import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  findCode,
  findMeaning,
  findRemedy,
  formatHint,
  knownNumbers,
} from "../../../../../src/entra/errors/aadsts/find_remedy.ts";
import { hintText } from "../../../../../src/cli/terminal/hint_text.ts";
import NUMBERS from "../../../../support/corpus/aadsts_numbers.json" with { type: "json" };
import { CONTEXT, CORRELATION_ID, entraBody, errorFor } from "../../../../support/fixtures/entra_bodies.ts";

const CLASSES = ["retry", "sign_in", "administrator", "application", "usage"];

/** A refresh is made without the user, a sign-in with the user. */
type When = "refresh" | "sign-in";

/** Entra's error, and parts of what the user must see. */
type Row = readonly [
  error: string,
  number: number,
  when: When,
  exitCode: number,
  message: string,
  hint: readonly string[],
  more?: Readonly<Record<string, string>>,
];

const APP = CONTEXT.clientId;
const LOGIN = `az login --tenant ${CONTEXT.tenant}`;
const SIGN_IN = `entra-auth-cli get-token --profile "my app" --force`;
const PUBLIC_URI = `az ad app update --id ${APP} --public-client-redirect-uris http://localhost`;
const PUBLIC_CLIENT = `az ad app update --id ${APP} --is-fallback-public-client true`;
const AUTHENTICATION = `App registrations > ${APP} > Authentication`;
const PERMISSIONS = `App registrations > ${APP} > API permissions`;
const SECRETS = `App registrations > ${APP} > Certificates & secrets`;
const CONSENT = `az ad app permission admin-consent --id ${APP}`;
const LOGS = "Sign-in logs";
const KEEP = `entra-auth-cli edit-profile --name "my app" --client-secret-stdin`;

const ROWS: readonly Row[] = [
  ["invalid_request", 50011, "sign-in", 3, "redirect URI", [AUTHENTICATION, LOGIN, PUBLIC_URI]],
  ["invalid_request", 500113, "sign-in", 3, "redirect URI", [AUTHENTICATION, PUBLIC_URI]],
  ["invalid_request", 9002326, "sign-in", 3, "another platform", [AUTHENTICATION, PUBLIC_CLIENT]],
  ["invalid_request", 9002327, "sign-in", 3, "single-page", [AUTHENTICATION, PUBLIC_CLIENT]],
  ["invalid_client", 7000218, "sign-in", 3, "public client", [AUTHENTICATION, LOGIN, PUBLIC_CLIENT]],
  ["invalid_client", 700025, "sign-in", 3, "public client", [AUTHENTICATION, "--flow interactive"]],
  ["unauthorized_client", 700016, "sign-in", 3, "application", [
    APP,
    CONTEXT.tenant,
    `az ad sp show --id ${APP}`,
  ]],
  ["unauthorized_client", 700011, "refresh", 3, "application", [APP]],
  ["unauthorized_client", 7000112, "sign-in", 3, "disabled", [
    `az ad sp update --id ${APP}`,
    "Enterprise app",
  ]],
  ["unauthorized_client", 70001, "sign-in", 3, "disabled", [`az ad sp update --id ${APP}`]],
  ["invalid_request", 90002, "sign-in", 3, "no such tenant", [CONTEXT.tenant, "az account show", "--cloud"]],
  ["invalid_request", 900023, "sign-in", 3, "no such tenant", [CONTEXT.tenant]],
  ["invalid_request", 90038, "sign-in", 3, "national cloud", ["--cloud usgov"]],
  ["invalid_request", 50194, "sign-in", 3, "one tenant", ["--tenant-id", `--id ${APP} --sign-in-audience`]],
  ["invalid_request", 50128, "sign-in", 3, "which tenant", ["--tenant-id"]],
  ["invalid_request", 90019, "sign-in", 3, "which tenant", ["--tenant-id"]],
  ["invalid_request", 9001023, "sign-in", 3, "common and consumers", ["--tenant-id organizations"]],
  ["invalid_request", 90124, "sign-in", 3, "common and consumers", ["--tenant-id organizations"]],
  ["invalid_request", 90130, "sign-in", 3, "common and consumers", ["--tenant-id organizations"]],
  ["invalid_request", 9002332, "sign-in", 3, "work and school", [
    "--tenant-id organizations",
    AUTHENTICATION,
  ]],
  ["invalid_grant", 16003, "sign-in", 3, "not exist in this tenant", ["guest"]],
  ["invalid_grant", 90072, "sign-in", 3, "not exist in this tenant", ["guest"]],
  ["invalid_grant", 50014, "sign-in", 3, "not accepted", [CONTEXT.tenant]],
  ["invalid_request", 50059, "sign-in", 3, "which tenant", ["--tenant-id"]],
  ["invalid_scope", 70011, "sign-in", 3, "scope is not valid", [
    PERMISSIONS,
    `az ad app permission list --id ${APP}`,
  ]],
  ["invalid_scope", 28000, "sign-in", 3, "more than one API", ["--scope"]],
  ["invalid_scope", 700022, "sign-in", 3, "more than one API", ["--scope"]],
  ["invalid_resource", 500011, "refresh", 3, "API", [CONTEXT.tenant, "az ad sp list"]],
  ["invalid_resource", 50001, "sign-in", 3, "API", ["az ad sp list"]],
  ["invalid_client", 650056, "sign-in", 3, "API", [PERMISSIONS, CONSENT]],
  ["invalid_resource", 650057, "sign-in", 3, "API", [PERMISSIONS, CONSENT]],
  ["access_denied", 65005, "sign-in", 3, "API", [PERMISSIONS]],
  ["invalid_client", 650052, "sign-in", 3, "subscription", [CONTEXT.tenant]],

  ["invalid_grant", 65001, "refresh", 3, "no consent", [SIGN_IN, CONSENT], { suberror: "consent_required" }],
  ["access_denied", 65004, "sign-in", 3, "declined", [SIGN_IN, "--scope", PERMISSIONS]],
  ["interaction_required", 90094, "sign-in", 3, "administrator", [CONSENT, "Enterprise applications"]],
  ["access_denied", 90095, "sign-in", 3, "administrator", [CONSENT]],
  ["invalid_grant", 90008, "refresh", 3, "administrator", [CONSENT]],
  ["invalid_grant", 50020, "sign-in", 3, "not exist in this tenant", [
    CONTEXT.tenant,
    "guest",
    "--prompt select_account",
  ]],
  ["invalid_grant", 50034, "sign-in", 3, "not exist in this tenant", [CONTEXT.tenant]],
  ["invalid_grant", 51004, "sign-in", 3, "not exist in this tenant", [CONTEXT.tenant]],
  ["invalid_grant", 50105, "refresh", 3, "assigned", ["Users and groups", `az ad sp update --id ${APP}`]],
  ["invalid_grant", 50053, "sign-in", 3, "locked", [LOGS]],
  ["invalid_grant", 50057, "refresh", 3, "disabled", ["az ad user update", LOGIN]],
  ["invalid_grant", 50055, "sign-in", 3, "password has expired", [SIGN_IN]],
  ["invalid_grant", 50144, "sign-in", 3, "password has expired", [SIGN_IN]],
  ["invalid_grant", 50132, "refresh", 3, "password was changed", [SIGN_IN]],
  ["invalid_grant", 50133, "refresh", 3, "password was changed", [SIGN_IN]],
  ["invalid_grant", 50126, "sign-in", 3, "wrong", [SIGN_IN]],
  ["invalid_grant", 50056, "sign-in", 3, "wrong", [SIGN_IN]],
  ["login_required", 50058, "sign-in", 3, "Nobody is signed in", ["--prompt none", SIGN_IN]],
  ["interaction_required", 16000, "sign-in", 3, "which account", ["--prompt select_account"]],

  ["interaction_required", 50076, "refresh", 3, "Multifactor", [SIGN_IN], {
    suberror: "basic_action",
    claims: '{"access_token":{"capolids":{"essential":true,"values":["c1"]}}}',
  }],
  ["interaction_required", 50074, "refresh", 3, "Multifactor", [SIGN_IN]],
  ["interaction_required", 50072, "refresh", 3, "no method", [SIGN_IN]],
  ["interaction_required", 50079, "refresh", 3, "no method", [SIGN_IN]],
  ["interaction_required", 53004, "refresh", 3, "no method", [SIGN_IN]],
  ["interaction_required", 50078, "refresh", 3, "too long ago", [SIGN_IN]],
  ["interaction_required", 50158, "refresh", 3, "terms of use", [SIGN_IN]],
  ["access_denied", 53003, "sign-in", 3, "Conditional Access policy blocks", [LOGS, APP]],
  ["invalid_grant", 53003, "refresh", 3, "Conditional Access policy blocks", [LOGS, SIGN_IN]],
  ["invalid_grant", 50131, "refresh", 3, "Conditional Access policy blocks", [LOGS]],
  ["invalid_grant", 530032, "refresh", 3, "security policy", [LOGS]],
  ["invalid_grant", 530035, "sign-in", 3, "security defaults", ["--flow interactive"]],
  ["interaction_required", 53000, "refresh", 3, "compliant device", ["Intune", LOGS]],
  ["interaction_required", 530002, "sign-in", 3, "compliant device", ["Intune"]],
  ["interaction_required", 53001, "refresh", 3, "joined", [SIGN_IN, LOGS]],
  ["interaction_required", 530003, "refresh", 3, "manages", [SIGN_IN, LOGS]],
  ["interaction_required", 50097, "refresh", 3, "manages", [SIGN_IN]],
  ["interaction_required", 50129, "refresh", 3, "manages", [SIGN_IN]],
  ["interaction_required", 53002, "refresh", 3, "approved applications", [LOGS]],
  ["invalid_grant", 530084, "refresh", 3, "token protection", ["broker", APP]],
  ["invalid_grant", 530033, "sign-in", 3, "device code", ["--flow interactive"]],
  ["invalid_grant", 530036, "refresh", 3, "device code", ["--flow interactive"]],
  ["invalid_grant", 53011, "refresh", 3, "risk", ["Risky users"]],
  ["invalid_grant", 530034, "refresh", 3, "risk", ["Risky users"]],
  ["interaction_required", 50005, "refresh", 3, "operating system", [LOGS]],
  ["access_denied", 500021, "sign-in", 3, "network", [CONTEXT.tenant]],
  ["access_denied", 500022, "sign-in", 3, "network", [CONTEXT.tenant]],
  ["invalid_grant", 50196, "refresh", 3, "too many", ["--no-cache"]],

  ["invalid_grant", 700082, "refresh", 3, "not used for too long", [SIGN_IN]],
  ["invalid_grant", 70008, "sign-in", 3, "not used in time", [SIGN_IN]],
  ["invalid_grant", 50173, "refresh", 3, "revoked", [SIGN_IN], { suberror: "bad_token" }],
  ["invalid_grant", 70043, "refresh", 3, "sign-in frequency", [SIGN_IN]],
  ["invalid_grant", 700084, "refresh", 3, "single-page", [AUTHENTICATION, SIGN_IN]],
  ["invalid_grant", 50089, "refresh", 3, "expired", [SIGN_IN]],
  ["invalid_grant", 70000, "refresh", 3, "no longer valid", [SIGN_IN]],
  ["invalid_grant", 700005, "sign-in", 3, "another tenant", [SIGN_IN]],
  ["invalid_grant", 54005, "sign-in", 3, "second time", [SIGN_IN]],
  ["invalid_grant", 501481, "sign-in", 3, "second time", [SIGN_IN]],
  ["authorization_pending", 70016, "sign-in", 3, "entered the code", ["waits"]],
  ["invalid_grant", 70018, "sign-in", 3, "not the one that was shown", ["--flow device-code"]],
  ["expired_token", 70019, "sign-in", 3, "in time", ["--flow device-code"]],
  ["expired_token", 70020, "sign-in", 3, "in time", ["--flow device-code"]],
  ["temporarily_unavailable", 90033, "refresh", 4, "not available", ["Try again"]],
  ["temporarily_unavailable", 90006, "refresh", 4, "not available", ["Try again"]],
  ["temporarily_unavailable", 90012, "refresh", 4, "not available", ["Try again"]],
  ["temporarily_unavailable", 90024, "refresh", 4, "not available", ["Try again"]],
  ["server_error", 50033, "refresh", 4, "not available", ["Try again"]],
  ["temporarily_unavailable", 90055, "refresh", 4, "too many requests", ["Wait"]],

  ["invalid_client", 7000215, "sign-in", 3, "client secret is wrong", [
    "value, not its ID",
    SECRETS,
    `az ad app credential reset --id ${APP}`,
  ]],
  ["invalid_client", 7000222, "sign-in", 3, "secret has expired", [
    SECRETS,
    `az ad app credential reset --id ${APP}`,
    KEEP,
  ]],
  ["invalid_client", 700027, "sign-in", 3, "certificate", [SECRETS, "--cert"]],
  ["invalid_client", 700030, "sign-in", 3, "subject name", ["Manifest"]],
  ["invalid_client", 50013, "sign-in", 3, "assertion is not valid", ["keys"]],
  ["invalid_client", 70021, "sign-in", 3, "federated credential", [`federated-credential list --id ${APP}`]],
  ["invalid_client", 700211, "sign-in", 3, "issuer", [SECRETS, "Federated credentials"]],
  ["invalid_client", 700212, "sign-in", 3, "audience", ["Federated credentials"]],
  ["invalid_client", 7002121, "sign-in", 3, "audience", ["Federated credentials"]],
  ["invalid_client", 700213, "sign-in", 3, "subject", ["Federated credentials"]],
  ["invalid_client", 7002131, "sign-in", 3, "subject", ["Federated credentials"]],
  ["invalid_client", 700024, "sign-in", 3, "clock", ["clock"]],

  ["unauthorized_client", 700038, "sign-in", 3, "client ID", ["--client-id CLIENT_ID"]],
  ["invalid_request", 900021, "sign-in", 3, "no such tenant", [CONTEXT.tenant]],
  ["invalid_resource", 650054, "sign-in", 3, "does not have the API", ["az ad sp list"]],
  ["invalid_resource", 500014, "refresh", 3, "disabled in this tenant", ["az ad sp update --id RESOURCE"]],
  ["invalid_client", 650053, "sign-in", 3, "no permission with the name", [
    "oauth2PermissionScopes",
    "--scope",
  ]],
  ["invalid_client", 65002, "sign-in", 3, "Microsoft has not authorized", [
    "az ad app create",
    `edit-profile --name "my app" --client-id`,
  ]],
  ["invalid_client", 650051, "sign-in", 3, "could not add the application", [`az ad sp create --id ${APP}`]],
  ["invalid_request", 90009, "sign-in", 3, "a token for itself", [`--scope ${APP}/.default`]],
  ["invalid_scope", 1002012, "sign-in", 3, "all its permissions", ["graph.microsoft.com/.default"]],
  ["invalid_scope", 28002, "sign-in", 3, "scope is not valid", [PERMISSIONS]],
  ["invalid_scope", 28003, "sign-in", 3, "scope is not valid", [PERMISSIONS]],
  ["invalid_scope", 700023, "sign-in", 3, "scope is not valid", [PERMISSIONS]],
  ["invalid_request", 900144, "sign-in", 3, "not complete", ["entra-auth-cli doctor"]],
  ["invalid_request", 90014, "sign-in", 3, "not complete", ["entra-auth-cli doctor"]],
  ["invalid_request", 90023, "sign-in", 3, "not complete", ["entra-auth-cli doctor"]],
  ["invalid_request", 90100, "sign-in", 3, "not complete", ["entra-auth-cli doctor"]],
  ["invalid_request", 50049, "sign-in", 3, "authority", ["--authority"]],
  ["invalid_grant", 500207, "sign-in", 3, "of this type", ["--prompt select_account", "organizations"]],
  ["invalid_grant", 500208, "sign-in", 3, "of this type", ["--prompt select_account", "organizations"]],
  ["invalid_request", 5000225, "sign-in", 3, "not used for a long time", ["Microsoft support"]],
  ["invalid_client", 70002, "sign-in", 3, "application's credential", [SECRETS, KEEP]],
  ["invalid_client", 50012, "sign-in", 3, "application's credential", [SECRETS, KEEP]],
  ["invalid_client", 7000216, "sign-in", 3, "needs a client secret", [KEEP]],
  ["invalid_client", 1000502, "sign-in", 3, "certificate", ["--cert", SECRETS]],
  ["invalid_request", 700222, "sign-in", 3, "federated credential", ["federated-credential list"]],
  ["invalid_request", 700229, "sign-in", 3, "federated credential", ["federated-credential list"]],
  ["invalid_client", 700238, "sign-in", 3, "this issuer", [CONTEXT.tenant]],
  ["invalid_grant", 500131, "sign-in", 3, "another application", [APP]],
  ["invalid_client", 500133, "sign-in", 3, "clock", ["clock"]],
  ["invalid_grant", 500341, "refresh", 3, "deleted", ["--prompt select_account", "Deleted"]],
  ["interaction_required", 16001, "sign-in", 3, "cannot be used here", ["--prompt select_account"]],
  ["interaction_required", 16002, "sign-in", 3, "cannot be used here", ["--prompt select_account"]],
  ["interaction_required", 160021, "sign-in", 3, "cannot be used here", ["--prompt select_account"]],
  ["interaction_required", 50136, "sign-in", 3, "cannot be used here", ["--prompt select_account"]],
  ["interaction_required", 50143, "sign-in", 3, "cannot be used here", ["--prompt select_account"]],
  ["interaction_required", 50197, "sign-in", 3, "cannot be used here", ["--prompt select_account"]],
  ["invalid_grant", 50064, "sign-in", 3, "wrong", [SIGN_IN]],
  ["interaction_required", 50142, "refresh", 3, "must be changed", [SIGN_IN, "Change the password"]],
  ["interaction_required", 50135, "refresh", 3, "must be changed", [SIGN_IN, "Change the password"]],
  ["invalid_grant", 500121, "sign-in", 3, "second factor", [SIGN_IN]],
  ["interaction_required", 50125, "refresh", 3, "password to be reset", [SIGN_IN]],
  ["interaction_required", 50140, "refresh", 3, "has a question", [SIGN_IN]],
  ["interaction_required", 50199, "refresh", 3, "has a question", [SIGN_IN]],
  ["interaction_required", 700020, "refresh", 3, "has a question", [SIGN_IN]],
  ["unauthorized_client", 53005, "refresh", 3, "protection policy", ["Policies"]],
  ["unauthorized_client", 53009, "refresh", 3, "protection policy", ["Policies"]],
  ["interaction_required", 530021, "refresh", 3, "approved applications", [LOGS]],
  ["invalid_grant", 530031, "refresh", 3, "Conditional Access policy blocks", [LOGS]],
  ["invalid_grant", 530022, "refresh", 3, "Conditional Access policy blocks", [LOGS]],
  ["invalid_grant", 530004, "refresh", 3, "compliant device of another", ["Trust settings"]],
  ["invalid_grant", 700003, "refresh", 3, "authenticate the device", [SIGN_IN, "All devices"]],
  ["invalid_grant", 50155, "refresh", 3, "authenticate the device", [SIGN_IN, "All devices"]],
  ["invalid_grant", 50187, "refresh", 3, "authenticate the device", [SIGN_IN, "All devices"]],
  ["invalid_grant", 135011, "refresh", 3, "is disabled", ["All devices"]],
  ["access_denied", 50002, "sign-in", 3, "network", [CONTEXT.tenant]],
  ["invalid_grant", 500212, "refresh", 3, "cross-tenant", ["Cross-tenant access settings"]],
  ["invalid_grant", 500213, "refresh", 3, "cross-tenant", ["Cross-tenant access settings"]],
  ["invalid_grant", 70044, "refresh", 3, "sign-in frequency", [SIGN_IN]],
  ["invalid_grant", 700081, "refresh", 3, "sign-in frequency", [SIGN_IN]],
  ["invalid_grant", 50085, "refresh", 3, "saved sign-in", [SIGN_IN]],
  ["invalid_grant", 50139, "refresh", 3, "saved sign-in", [SIGN_IN]],
  ["invalid_grant", 9002313, "refresh", 3, "malformed", [SIGN_IN, "--scope"]],
  ["server_error", 50000, "refresh", 4, "not available", ["Try again"]],
  ["server_error", 50087, "refresh", 4, "not available", ["Try again"]],
  ["server_error", 70012, "refresh", 4, "not available", ["Try again"]],
  ["temporarily_unavailable", 90090, "refresh", 4, "not available", ["Try again"]],
  ["temporarily_unavailable", 90091, "refresh", 4, "not available", ["Try again"]],
  ["temporarily_unavailable", 40010, "refresh", 4, "not available", ["Try again"]],
  ["invalid_request", 90119, "sign-in", 3, "not the one that was shown", ["--flow device-code"]],
  ["invalid_request", 90120, "sign-in", 3, "already used", ["--flow device-code"]],
  ["invalid_grant", 50134, "sign-in", 3, "another region", ["--flow interactive"]],
  ["invalid_grant", 50088, "sign-in", 3, "too often", ["Wait"]],
];

Deno.test("entraError() explains each known error code with a hint for this application and tenant", () => {
  for (const [error, number, when, exitCode, message, hints, more] of ROWS) {
    const shown = errorFor(entraBody(error, number, "Words of Entra's own.", more), when === "refresh");
    const at = `${number}: ${shown.message}\n${shown.hint}`;
    assertEquals([shown.exitCode, shown.aadsts, shown.correlationId], [
      exitCode,
      `AADSTS${number}`,
      CORRELATION_ID,
    ], at);
    assertStringIncludes(shown.message.toLowerCase(), message.toLowerCase(), at);
    for (const hint of hints) assertStringIncludes(shown.hint ?? "", hint, at);
    assert(
      !at.includes("Words of Entra's own") && !at.includes("http://aka") && !/[.\n]$/.test(shown.message),
      at,
    );
    assertEquals(shown.claims, more?.claims, at);
  }
});

/** B2C's error, and parts of what the user must see. */
type B2cRow = readonly [
  error: string,
  number: string,
  when: When,
  exitCode: number,
  message: string,
  hint: readonly string[],
];

const B2C_PAGE = `Azure AD B2C > App registrations > ${APP}`;

const B2C_ROWS: readonly B2cRow[] = [
  ["access_denied", "AADB2C90118", "sign-in", 3, "reset the password", ["--authority", SIGN_IN]],
  ["access_denied", "AADB2C90091", "sign-in", 3, "cancelled", [SIGN_IN]],
  ["interaction_required", "AADB2C90077", "sign-in", 3, "--prompt none", [SIGN_IN]],
  ["invalid_grant", "AADB2C90080", "refresh", 3, "expired", [SIGN_IN]],
  ["invalid_grant", "AADB2C90129", "refresh", 3, "revoked", [SIGN_IN]],
  ["invalid_grant", "AADB2C90128", "refresh", 3, "no longer exists", [SIGN_IN]],
  ["invalid_grant", "AADB2C90279", "refresh", 3, "another application", [SIGN_IN]],
  ["access_denied", "AADB2C90111", "sign-in", 3, "locked", ["contoso.onmicrosoft.com to unlock"]],
  ["access_denied", "AADB2C90114", "sign-in", 3, "temporarily", [SIGN_IN]],
  ["invalid_request", "AADB2C90079", "sign-in", 3, "public client", [`${B2C_PAGE} > Authentication`]],
  ["unauthorized_client", "AADB2C90205", "sign-in", 3, "no permission", [`${B2C_PAGE} > API permissions`]],
  ["access_denied", "AADB2C90273", "sign-in", 3, "cancelled or refused", [SIGN_IN]],
  ["invalid_grant", "AADB2C90088", "refresh", 3, "another policy", [SIGN_IN]],
  ["server_error", "AADB2C99002", "sign-in", 3, "no such account", [SIGN_IN, "Sign up"]],
  ["access_denied", "AADB2C90151", "sign-in", 3, "too often", [SIGN_IN, "Wait"]],
  ["access_denied", "AADB2C90157", "sign-in", 3, "too often", [SIGN_IN, "Wait"]],
  ["invalid_request", "AADB2C90006", "sign-in", 3, "redirect URI", [`${B2C_PAGE} > Authentication`]],
  ["invalid_request", "AADB2C90117", "sign-in", 3, "does not support a scope", [`--scope ${APP}`]],
  ["temporarily_unavailable", "AADB2C90035", "refresh", 4, "not available", ["Try again"]],
  ["server_error", "AADB2C90244", "refresh", 4, "not available", ["Try again"]],
];

Deno.test("entraError() explains B2C's known error codes and shows B2C's description of the others", () => {
  const shownFor = (error: string, number: string, silently: boolean) =>
    errorFor({
      error,
      error_description: `${number}: B2C's own words.\r\nCorrelation ID: ${CORRELATION_ID}\r\n` +
        "Timestamp: 2026-01-09 02:02:12Z",
    }, silently);
  for (const [error, number, when, exitCode, message, hints] of B2C_ROWS) {
    const shown = shownFor(error, number, when === "refresh");
    const at = `${number}: ${shown.message}\n${shown.hint}`;
    assertEquals([shown.exitCode, shown.aadsts, shown.correlationId], [exitCode, number, CORRELATION_ID], at);
    for (const text of [message, ...hints]) assertStringIncludes(at, text);
    assert(!at.includes("own words") && !/[.\n]$/.test(shown.message), at);
  }
  const other = shownFor("server_error", "AADB2C90085", false);
  assertStringIncludes(other.message, "AADB2C90085: B2C's own words.");
});

Deno.test("Every published error code is known, with a class, a sentence and a hint", () => {
  const { published, others } = NUMBERS;
  assertEquals(new Set(published).size, 304);
  const meanings = (numbers: readonly number[]) => numbers.map((number) => findMeaning(`AADSTS${number}`));
  const known = meanings(published).filter((meaning) => meaning !== null);
  assertEquals(`${known.length} of ${published.length} numbers known`, "304 of 304 numbers known");
  for (const meaning of [...meanings(published), ...meanings(others)]) {
    assert(meaning !== null && CLASSES.includes(meaning.class) && meaning.hint.length > 0);
    assertMatch(meaning.message, /^[A-Z][^\n]{15,120}[^.\n]$/);
  }
});

Deno.test("entraError() shows a sentence and Entra's description for a number without a remedy", () => {
  const shown = errorFor(entraBody("invalid_request", 90015, "Too long by 12 characters."), false);
  assertEquals(
    shown.message,
    "The query of the request is too long: AADSTS90015: Too long by 12 characters.",
  );
  assertStringIncludes(shown.hint ?? "", 'entra-auth-cli doctor --profile "my app"');
  const bare = errorFor({ error: "invalid_request", error_codes: [90015] }, false);
  assertEquals([bare.message, bare.aadsts], ["The query of the request is too long", "AADSTS90015"]);
});

Deno.test("Every error code with a remedy is tested, and no code has two meanings", () => {
  const tested = [...ROWS.map(([, number]) => `AADSTS${number}`), ...B2C_ROWS.map(([, number]) => number)];
  const all = knownNumbers();
  assertEquals(new Set(all).size, all.length);
  assertEquals([...new Set(tested)].sort(), all.filter((number) => findRemedy(number) !== null).sort());
  for (
    const number of [
      "AADSTS1",
      "AADSTS5001",
      "AADSTSconstructor",
      "",
      "AADSTS500111",
      "AADB2C1",
      "AADSTSAADB2C1",
      "90118",
    ]
  ) {
    assertEquals(findMeaning(number), null);
  }
});

Deno.test("findRemedy() accepts any spelling of the prefix", () => {
  assertEquals(findRemedy("aadsts50011"), findRemedy("AADSTS50011"));
  assertEquals(findRemedy("50011"), findRemedy("AADSTS50011"));
  assertEquals(findRemedy("aadb2c90118"), findRemedy("AADB2C90118"));
});

Deno.test("Hints sign az in to the tenant first, unless the configured value is not a single tenant", () => {
  const remedy = findRemedy("50011");
  assert(remedy !== null);
  const hintFor = (tenant: string) => formatHint(remedy, { ...CONTEXT, tenant });
  assertMatch(hintFor("contoso.example"), /^az login --tenant contoso\.example --allow-no-subscriptions$/m);
  assertMatch(hintFor("contoso.example/b2c_1_signin"), /^az login --tenant contoso\.example --allow/m);
  for (const many of ["common", "organizations", "consumers"]) {
    assert(!hintFor(many).includes("az login"), many);
  }
});

Deno.test("A hint with a command starts with one, and no remedy has a contraction or an unfilled placeholder", () => {
  const isCommand = (line: string) => /^(az|entra-auth-cli|printenv) /.test(line);
  for (const number of knownNumbers()) {
    const remedy = findMeaning(number);
    assert(remedy !== null, number);
    const lines = formatHint(remedy, CONTEXT).split("\n");
    const at = `${number}: ${remedy.message}\n${lines.join("\n")}`;
    assert(!lines.some(isCommand) || isCommand(lines[0] ?? ""), at);
    const shown = hintText(lines.join("\n")).split("\n");
    assert(shown.length <= 3, `${at}: is longer than three lines`);
    assert(!lines.some(isCommand) || isCommand(shown[0]?.replace("Hint: ", "") ?? ""), at);
    // Only the sign-in of az is left out of a long one.
    const full = lines.length > 3 ? lines.filter((line) => !line.startsWith("az login ")) : lines;
    assertEquals(shown.length, full.length, `${at}: is not shown in full`);
    assert(!/n't\b|'(ll|re|ve)\b|[{}]/.test(at), at);
  }
});

Deno.test("Hints have the API, the user and the assertion in place of placeholders, if they are known", () => {
  const hintFor = (number: string, more: object) => {
    const remedy = findRemedy(number);
    assert(remedy !== null);
    return formatHint(remedy, { ...CONTEXT, ...more });
  };
  const resource = "https://api.contoso.example";
  assertStringIncludes(hintFor("500011", { resource }), `n eq '${resource}'`);
  assertStringIncludes(hintFor("500014", { resource }), `az ad sp update --id ${resource} --set`);
  assertStringIncludes(hintFor("500011", { resource: "x' or 1 eq '1" }), "n eq 'RESOURCE'");
  assertStringIncludes(hintFor("50057", { user: "ann@contoso.com" }), "--id ann@contoso.com ");
  assertStringIncludes(hintFor("50057", {}), "--id USER ");
  const assertion = { issuer: "https://issuer.example", subject: "repo:a/b", audience: "api://x" };
  for (const number of ["70021", "700211", "700212", "700213", "7002131", "700222", "700238", "500131"]) {
    assertStringIncludes(
      hintFor(number, { assertion }),
      "has the issuer https://issuer.example, the subject repo:a/b and the audience api://x",
    );
    assert(!hintFor(number, {}).includes("The assertion that was sent"));
  }
});

Deno.test("Hints for personal accounts name no administrator", () => {
  const cancelled = findCode("access_denied");
  assert(cancelled !== null);
  for (const tenant of ["consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"]) {
    assertEquals(
      formatHint(cancelled, { ...CONTEXT, tenant, profile: "home" }),
      "entra-auth-cli get-token --profile home --force",
    );
  }
  assertStringIncludes(formatHint(cancelled, CONTEXT), "Entra admin center");
  assertEquals(
    formatHint(cancelled, { ...CONTEXT, tenant: "adfs", profile: "fs" }),
    "entra-auth-cli get-token --profile fs --force",
    "AD FS is not in the Entra admin center",
  );
});

Deno.test("Each error code with a remedy has a cause in full sentences", () => {
  for (const number of knownNumbers()) {
    const remedy = findRemedy(number);
    if (remedy !== null) assertMatch(remedy.cause ?? "", /^[A-Za-z].*\.$/, number);
  }
});

Deno.test("A refused refresh opens the browser only if a sign-in can help", () => {
  const codeOf = (number: number, more: Record<string, string> = {}) =>
    errorFor(entraBody("invalid_grant", number, "x", more), true).code;
  const mended = [50076, 50078, 50079, 53000, 53001, 53003, 530003, 65001, 700082, 70043, 50173, 50158];
  for (const number of mended) assertEquals(codeOf(number), "interaction_required", String(number));
  for (const number of [530084, 53002, 530034, 50057, 50105, 7000112, 50005]) {
    assertEquals(codeOf(number), "sign_in_failed", String(number));
  }
  assertEquals(codeOf(53003, { suberror: "message_only" }), "sign_in_failed");
  assertEquals(codeOf(53003, { suberror: "additional_action" }), "interaction_required");
});
