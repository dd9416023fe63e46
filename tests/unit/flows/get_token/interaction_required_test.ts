import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { CliError } from "../../../../src/errors.ts";
import {
  interactionRequired,
  noTerminalForSignIn,
} from "../../../../src/flows/get_token/interaction_required.ts";
import { REQUEST } from "../../../support/fixtures/token_harness.ts";

const CLAIMS = '{"access_token":{"x":{"essential":true}}}';
const MFA = new CliError("interaction_required", "Multifactor authentication is required", {
  aadsts: "AADSTS50076",
  correlationId: "c-1",
  claims: CLAIMS,
});

Deno.test("interactionRequired() hints at the exact command that signs in, quoted for a shell", () => {
  const request = {
    ...REQUEST,
    key: { ...REQUEST.key, profile: "my app" },
    signInFlags: () => ["--scope", "User.Read Mail.Read"],
  };
  const error = interactionRequired(request, MFA);
  assertEquals([error.code, error.exitCode, error.aadsts, error.correlationId, error.claims], [
    "person_needed",
    9,
    "AADSTS50076",
    "c-1",
    CLAIMS,
  ]);
  assertEquals(
    error.hint,
    `entra-auth-cli get-token --profile "my app" --scope "User.Read Mail.Read" --claims ${
      encodeBase64Url(CLAIMS)
    }\nMultifactor authentication is required. Sign in where there is a browser.`,
  );
});

Deno.test("interactionRequired() merges the requested claims with the demanded ones", () => {
  const error = interactionRequired({ ...REQUEST, claims: '{"access_token":{"y":null}}' }, MFA);
  assertStringIncludes(
    error.hint ?? "",
    `--profile work --claims ${encodeBase64Url('{"access_token":{"y":null,"x":{"essential":true}}}')}`,
  );
  assertStringIncludes(
    interactionRequired(REQUEST, null).hint ?? "",
    "entra-auth-cli get-token --profile work\n",
  );
});

Deno.test("interactionRequired() adds --force after a refused refresh unless its claims force the sign-in", () => {
  const refreshOnly = { ...REQUEST, acceptCached: false, mayPrompt: false };
  const revoked = new CliError("interaction_required", "Revoked", { aadsts: "AADSTS50173" });
  assertEquals(
    interactionRequired(refreshOnly, revoked).hint,
    "Sign in: entra-auth-cli get-token --profile work --force",
  );
  assertEquals(
    interactionRequired(refreshOnly, MFA).hint,
    `Sign in: entra-auth-cli get-token --profile work --claims ${encodeBase64Url(CLAIMS)}`,
  );
});

Deno.test("noTerminalForSignIn() keeps the error's message and adds the reason and the command", () => {
  const alone = new CliError("person_needed", "Nobody is there", { hint: "Use a terminal." });
  const error = noTerminalForSignIn(alone, { ...REQUEST, signInFlags: () => ["--scope", "Mail.Read"] }, MFA);
  assertEquals([error.code, error.message, error.aadsts, error.correlationId, error.claims], [
    "person_needed",
    "Nobody is there",
    "AADSTS50076",
    "c-1",
    CLAIMS,
  ]);
  assertEquals(
    error.hint,
    `entra-auth-cli get-token --profile work --scope Mail.Read --claims ${encodeBase64Url(CLAIMS)}\n` +
      "Multifactor authentication is required. Use a terminal.",
  );
});
