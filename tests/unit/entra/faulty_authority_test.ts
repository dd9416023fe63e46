import { assert, assertEquals } from "@std/assert";
import { printFigures } from "../../support/program/print_figures.ts";
import type { Session } from "../../../src/store/session.ts";
import {
  goodDeviceCode,
  goodIdTokenClaims,
  goodMetadata,
  goodTokenResponse,
} from "../../support/fixtures/entra_fixture.ts";
import { validate, validateStoredSession } from "../../support/fixtures/validate_outcome.ts";
import {
  ask,
  type Document,
  genuine,
  type Grant,
  type WriteDocument,
} from "../../support/fixtures/faulty_responses.ts";
import { applyFault, type Fault, FAULTS } from "../../support/fixtures/fault_kinds.ts";

/** The fields of each document that this program or MSAL reads, and some unexpected ones. */
const FIELDS: Readonly<Record<Document, readonly string[]>> = {
  "discovery document": [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "authorization_response_iss_parameter_supported",
    "error",
    "__proto__",
  ],
  "device authorization": [
    "device_code",
    "user_code",
    "verification_uri",
    "verification_uri_complete",
    "expires_in",
    "interval",
    "message",
    "error",
    "__proto__",
  ],
  "token response": [
    "access_token",
    "token_type",
    "expires_in",
    "ext_expires_in",
    "refresh_in",
    "scope",
    "refresh_token",
    "refresh_token_expires_in",
    "id_token",
    "client_info",
    "foci",
    "key_id",
    "spa_code",
    "error",
    "error_description",
    "error_codes",
    "claims",
    "__proto__",
  ],
  "ID token": [
    "iss",
    "aud",
    "tid",
    "oid",
    "sub",
    "nonce",
    "iat",
    "exp",
    "auth_time",
    "preferred_username",
    "upn",
    "name",
    "emails",
    "login_hint",
    "tfp",
    "__proto__",
  ],
  "client info": ["uid", "utid", "__proto__"],
};

/** The documents of each grant. */
const DOCUMENTS: Readonly<Record<Grant, readonly Document[]>> = {
  "authorization code": ["discovery document", "token response", "ID token", "client info"],
  "refresh": ["discovery document", "token response", "ID token", "client info"],
  "device code": ["discovery document", "device authorization", "token response", "ID token", "client info"],
  "client credentials": ["discovery document", "token response"],
};

/** The number of faults of each grant, so that the table cannot shrink unnoticed. */
const CASES: Readonly<Record<Grant, number>> = {
  "authorization code": 1530,
  "refresh": 1530,
  "device code": 1836,
  "client credentials": 884,
};

/** The fields of the genuine documents. */
const GENUINE_FIELDS: Readonly<Record<Document, readonly string[]>> = {
  "discovery document": Object.keys(goodMetadata()),
  "device authorization": Object.keys(goodDeviceCode()),
  "token response": [...Object.keys(goodTokenResponse()), "id_token", "client_info", "refresh_token"],
  "ID token": Object.keys(goodIdTokenClaims()).filter((name) => name !== "nonce"),
  "client info": ["uid", "utid"],
};

/** Fields whose faults may affect only the next run. */
const STORED = [
  "refresh_token",
  "client_info",
  "refresh_token_expires_in",
  "foci",
  "uid",
  "utid",
  "sub",
  "__proto__",
];

/** Returns the failure that a fault causes, or null if the program handles it. */
async function tryFault(
  grant: Grant,
  document: Document,
  field: string,
  fault: Fault,
  before: readonly Session[],
): Promise<{ isRefused: boolean; failure: string | null }> {
  const writeDocument: WriteDocument = (sent, original) =>
    sent === document ? applyFault(original, field, fault) : JSON.stringify(original);
  const outcome = await ask(grant, writeDocument, before);
  const isRefused = "error" in outcome.result;
  try {
    validate(grant, outcome, before, field);
    assert(
      !(isRefused && fault.isGenuine && GENUINE_FIELDS[document].includes(field)),
      "the genuine value was refused",
    );
    if (!isRefused && grant !== "client credentials" && STORED.includes(field)) {
      await validateStoredSession(outcome);
    }
    return { isRefused, failure: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { isRefused, failure: `${document}, ${field}, ${fault.what}: ${why}` };
  }
}

for (const grant of Object.keys(DOCUMENTS) as Grant[]) {
  Deno.test(`A fault in any field of a response results in a coded error or a valid token: ${grant}`, async () => {
    const before = grant === "refresh" ? (await ask("authorization code", genuine)).sessions : [];
    const failures: string[] = [];
    let cases = 0;
    let refused = 0;
    for (const document of DOCUMENTS[grant]) {
      for (const field of FIELDS[document]) {
        for (const fault of FAULTS) {
          const { isRefused, failure } = await tryFault(grant, document, field, fault, before);
          cases++;
          if (isRefused) refused++;
          if (failure !== null) failures.push(failure);
        }
      }
    }
    assertEquals(failures, []);
    assertEquals(cases, CASES[grant]);
    assert(refused > cases / 4 && refused < cases, "some faults are refused and some are harmless");
    await printFigures("faults", cases, `${refused} refused, ${cases - refused} harmless, 0 lost (${grant})`);
  });
}
