import { assert, assertEquals } from "@std/assert";
import { printFigures } from "../../support/program/print_figures.ts";
import type { Session } from "../../../src/store/session.ts";
import {
  goodDeviceCode,
  goodIdTokenClaims,
  goodMetadata,
  goodTokenResponse,
} from "../../support/fixtures/entra_fixture.ts";
import { validate, validateWhatIsKept } from "../../support/fixtures/validate_outcome.ts";
import {
  ask,
  type Document,
  type Grant,
  honest,
  type Teller,
} from "../../support/fixtures/faulty_responses.ts";
import { type Lie, LIES, tell } from "../../support/fixtures/fault_kinds.ts";

/** The fields of each document that this program or MSAL reads, and some that nobody asked for. */
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

/** Which documents each way to a token has. */
const DOCUMENTS: Readonly<Record<Grant, readonly Document[]>> = {
  "authorization code": ["discovery document", "token response", "ID token", "client info"],
  "refresh": ["discovery document", "token response", "ID token", "client info"],
  "device code": ["discovery document", "device authorization", "token response", "ID token", "client info"],
  "client credentials": ["discovery document", "token response"],
};

/** How many lies that makes for each way: the table can't shrink unnoticed. */
const CASES: Readonly<Record<Grant, number>> = {
  "authorization code": 1530,
  "refresh": 1530,
  "device code": 1836,
  "client credentials": 884,
};

/** The fields of which there is a truth. */
const TRUE_FIELDS: Readonly<Record<Document, readonly string[]>> = {
  "discovery document": Object.keys(goodMetadata()),
  "device authorization": Object.keys(goodDeviceCode()),
  "token response": [...Object.keys(goodTokenResponse()), "id_token", "client_info", "refresh_token"],
  "ID token": Object.keys(goodIdTokenClaims()).filter((name) => name !== "nonce"),
  "client info": ["uid", "utid"],
};

/** Fields of which a lie could be found out by the next run only. */
const KEPT = [
  "refresh_token",
  "client_info",
  "refresh_token_expires_in",
  "foci",
  "uid",
  "utid",
  "sub",
  "__proto__",
];

/** What a lie was lost to, or null where the program withstood it. */
async function tryLie(
  grant: Grant,
  document: Document,
  field: string,
  lie: Lie,
  before: readonly Session[],
): Promise<{ isRefused: boolean; loss: string | null }> {
  const teller: Teller = (told, truth) => told === document ? tell(truth, field, lie) : JSON.stringify(truth);
  const outcome = await ask(grant, teller, before);
  const isRefused = "error" in outcome.result;
  try {
    validate(grant, outcome, before, field);
    assert(!(isRefused && lie.isTrue && TRUE_FIELDS[document].includes(field)), "the truth was refused");
    if (!isRefused && grant !== "client credentials" && KEPT.includes(field)) {
      await validateWhatIsKept(outcome);
    }
    return { isRefused, loss: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { isRefused, loss: `${document}, ${field}, ${lie.what}: ${why}` };
  }
}

for (const grant of Object.keys(DOCUMENTS) as Grant[]) {
  Deno.test(`an authority that lies about any field gets a named error, or a token that is right: ${grant}`, async () => {
    const before = grant === "refresh" ? (await ask("authorization code", honest)).sessions : [];
    const losses: string[] = [];
    let cases = 0;
    let refused = 0;
    for (const document of DOCUMENTS[grant]) {
      for (const field of FIELDS[document]) {
        for (const lie of LIES) {
          const { isRefused, loss } = await tryLie(grant, document, field, lie, before);
          cases++;
          if (isRefused) refused++;
          if (loss !== null) losses.push(loss);
        }
      }
    }
    assertEquals(losses, []);
    assertEquals(cases, CASES[grant]);
    assert(refused > cases / 4 && refused < cases, "some lies are refused, and some do no harm");
    await printFigures("lies", cases, `${refused} refused, ${cases - refused} harmless, 0 lost (${grant})`);
  });
}
