import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { encodeBase64Url } from "@std/encoding/base64url";
import fc from "fast-check";
import { parseClaimsRequest } from "../../../../src/identity/claims.ts";
import { parseClaimsFlag } from "../../../../src/cli/options/claims.ts";
import { CliError } from "../../../../src/errors.ts";

// The `>` and `?` make base64 and base64url differ.
const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"x":{"value":">>>???"}}}';
const BASE64 = encodeBase64(CLAIMS);

/** A challenge as Microsoft Graph sends it. */
const CHALLENGE =
  'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
  `client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="${BASE64}"`;

Deno.test("parseClaimsFlag() accepts JSON, base64 and base64url, with any padding and line breaks", () => {
  const spellings = [
    CLAIMS,
    `  ${CLAIMS}\n`,
    BASE64,
    BASE64.replace(/=+$/, ""),
    encodeBase64Url(CLAIMS),
    `${BASE64.slice(0, 20)}\r\n  ${BASE64.slice(20)}\n`,
  ];
  for (const spelling of spellings) assertEquals(parseClaimsFlag(spelling), CLAIMS, spelling);
});

Deno.test("parseClaimsFlag() accepts a WWW-Authenticate header, whole or only its value", () => {
  const quotedJson = CLAIMS.replaceAll('"', '\\"');
  const spellings = [
    CHALLENGE,
    `WWW-Authenticate: ${CHALLENGE}`,
    `www-authenticate: ${CHALLENGE}\r\nDate: Wed, 25 Nov 2026 10:00:00 GMT\r\n`,
    CHALLENGE.replace(/, /g, ",\r\n  "),
    `Bearer error="invalid_token", error_description="Continuous access evaluation resulted in challenge", claims="${BASE64}"`,
    `PoP nonce="a", Bearer claims="${encodeBase64Url(CLAIMS)}"`,
    `claims="${BASE64}"`,
    `claims=${BASE64}`,
    `Bearer error="insufficient_claims", claims="${quotedJson}"`,
    `BEARER Error="insufficient_claims", Claims = "${BASE64}"`,
  ];
  for (const spelling of spellings) assertEquals(parseClaimsFlag(spelling), CLAIMS, spelling);
});

Deno.test("parseClaimsFlag() explains each error", () => {
  const table: [string, string][] = [
    ["", "expected JSON, its base64"],
    ["nonsense!", "expected JSON, its base64"],
    ["{", "not valid JSON"],
    ["{access_token:{}}", "not valid JSON"],
    ['{"access_token":1}', "JSON object of objects"],
    [encodeBase64("[1]"), "JSON object of objects"],
    [encodeBase64("hello there"), "base64 of text that is not JSON"],
    ['Bearer realm="", error="invalid_token"', 'has no claims parameter (error="invalid_token")'],
    ["WWW-Authenticate: Negotiate", "has no claims"],
    ['Bearer claims="@@@"', "neither JSON nor its base64"],
    [`Bearer claims="${encodeBase64("hello there")}"`, "neither JSON nor its base64"],
    ["x".repeat(20_000), "longer than 16384"],
  ];
  for (const [text, reason] of table) {
    const error = assertThrows(() => parseClaimsFlag(text), CliError);
    assertEquals(error.exitCode, 2, text);
    assertStringIncludes(error.message, reason);
    assertEquals((error.hint ?? "").length > 20, true);
  }
});

Deno.test("parseClaimsFlag() returns a valid claims request or a usage error for any text", () => {
  const piece = fc.constantFrom(
    "Bearer ",
    "claims=",
    '"',
    "\\",
    "{",
    "}",
    ",",
    "=",
    BASE64,
    "error=",
    "\r\n",
    " ",
  );
  const pasted = fc.oneof(fc.string({ unit: "binary" }), fc.array(piece).map((pieces) => pieces.join("")));
  fc.assert(fc.property(pasted, (text) => {
    try {
      assertNotEquals(parseClaimsRequest(parseClaimsFlag(text)), null);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      assertEquals(error.code, "usage");
    }
  }));
});
