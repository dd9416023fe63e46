import { decodeBase64Url } from "@std/encoding/base64url";
import { parseClaimsRequest } from "../../identity/claims.ts";
import { CliError } from "../../errors.ts";
import { TOKEN_OPTIONS } from "./token_options.ts";

/** Claims are part of the sign-in URL, whose length browsers limit. */
const MAX_LENGTH = 16_384;

/** The parameter of a `WWW-Authenticate` challenge (RFC 9110 section 11.2), quoted or not. */
const CLAIMS_PARAMETER = /(?:^|[\s,])claims\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/i;
const ERROR_PARAMETER = /(?:^|[\s,])error\s*=\s*"?([\w-]+)/i;

/** Matches a challenge by its header name, its scheme, or its claims parameter. */
const CHALLENGE = /^\s*(?:www-authenticate\s*:|bearer\b|pop\b)|\bclaims\s*=/im;

/**
 * Returns the claims request in `--claims` as JSON text. It can be typed as JSON, as its base64 or base64url, or as the
 * `WWW-Authenticate` header of an API that refused a token, with or without the header name.
 *
 * @throws {CliError} `usage`
 */
export function parseClaimsFlag(text: string): string {
  if (text.length > MAX_LENGTH) throw invalidClaims(`longer than ${MAX_LENGTH} characters`);
  const typed = text.trim();
  if (typed.startsWith("{")) return validateJson(typed, "not valid JSON");
  if (CHALLENGE.test(typed)) return validateJson(decodeParameter(claimsOf(typed)), NO_JSON_IN_HEADER);
  const decoded = decodeBase64(typed);
  if (decoded === null) throw invalidClaims("expected JSON, its base64, or a WWW-Authenticate header");
  return validateJson(decoded, "base64 of text that is not JSON");
}

/** Returns the claims request in the `WWW-Authenticate` header of an API as JSON text, or null if it has none. */
export function claimsInChallenge(challenge: string): string | null {
  if (challenge.length > MAX_LENGTH || !CLAIMS_PARAMETER.test(challenge)) return null;
  const text = decodeParameter(claimsOf(challenge));
  return parseClaimsRequest(text) === null ? null : text;
}

const NO_JSON_IN_HEADER = "the claims parameter of the header is neither JSON nor its base64";

/** Returns the claims parameter of a challenge. */
function claimsOf(challenge: string): string {
  const [, quoted, bare] = CLAIMS_PARAMETER.exec(challenge) ?? [];
  const value = quoted?.replaceAll(/\\(.)/g, "$1") ?? bare;
  if (value !== undefined) return value;
  const error = ERROR_PARAMETER.exec(challenge)?.[1];
  throw invalidClaims(
    `the header has no claims parameter${error === undefined ? "" : ` (error="${error}")`}`,
    `The API requires no claims: get a new token with ${TOKEN_OPTIONS.force.flag}.`,
  );
}

function decodeParameter(value: string): string {
  return value.trimStart().startsWith("{") ? value : decodeBase64(value) ?? "";
}

/** Decodes base64 or base64url, padded or not, on one line or several; null if it is neither. */
function decodeBase64(text: string): string | null {
  const plain = text.replaceAll(/\s/g, "").replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (plain === "") return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(decodeBase64Url(plain));
  } catch {
    return null;
  }
}

function validateJson(text: string, reason: string): string {
  if (parseClaimsRequest(text) !== null) return text;
  try {
    JSON.parse(text);
  } catch {
    throw invalidClaims(reason);
  }
  throw invalidClaims('expected a JSON object of objects, such as {"access_token":{…}}');
}

function invalidClaims(reason: string, hint = EXPECTED): CliError {
  return new CliError("usage", `Invalid ${TOKEN_OPTIONS.claims.flag}: ${reason}`, { hint });
}

const EXPECTED =
  "Pass the JSON in single quotes, its base64, or the whole WWW-Authenticate header of the API's response.";
