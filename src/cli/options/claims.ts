import { decodeBase64Url } from "@std/encoding/base64url";
import { parseClaimsRequest } from "../../identity/claims.ts";
import { CliError } from "../../errors.ts";

/** A browser's URL has to hold it. */
const LONGEST = 16_384;

/** The parameter of a `WWW-Authenticate` challenge (RFC 9110 section 11.2), quoted or not. */
const CLAIMS_PARAMETER = /(?:^|[\s,])claims\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/i;
const ERROR_PARAMETER = /(?:^|[\s,])error\s*=\s*"?([\w-]+)/i;

/** What tells a challenge from anything else: its header's name, its scheme, or any of its parameters. */
const CHALLENGE = /^\s*(?:www-authenticate\s*:|bearer\b|pop\b)|\bclaims\s*=/im;

/**
 * The claims request that `--claims` names, as JSON text. It may be typed as JSON, as base64 or base64url of it, or as the
 * `WWW-Authenticate` header of an API that refused a token, with its name or without.
 *
 * @throws {CliError} `usage` that says what is wrong with it.
 */
export function parseClaimsFlag(text: string): string {
  if (text.length > LONGEST) throw wrong("it is too long", `${LONGEST} characters is the most`);
  const typed = text.trim();
  if (typed.startsWith("{")) return checkJson(typed, "it is not valid JSON");
  if (CHALLENGE.test(typed)) return checkJson(decodeParameter(claimsOf(typed)), NO_JSON_IN_HEADER);
  const decoded = decodeBase64(typed);
  if (decoded === null) throw wrong("it is neither JSON, nor base64 of it, nor a WWW-Authenticate header");
  return checkJson(decoded, "it is base64, but not of JSON");
}

const NO_JSON_IN_HEADER = "what the header calls claims is not JSON, nor base64 of it";

/** The value of `claims` in a challenge. */
function claimsOf(challenge: string): string {
  const [, quoted, bare] = CLAIMS_PARAMETER.exec(challenge) ?? [];
  const value = quoted?.replaceAll(/\\(.)/g, "$1") ?? bare;
  if (value !== undefined) return value;
  const error = ERROR_PARAMETER.exec(challenge)?.[1];
  throw wrong(
    `the header has no claims${error === undefined ? "" : ` (error="${error}")`}`,
    NOTHING_TO_CARRY,
  );
}

const NOTHING_TO_CARRY =
  "Without claims there is nothing that a sign-in has to carry: get a new token with --force.";

function decodeParameter(value: string): string {
  return value.trimStart().startsWith("{") ? value : decodeBase64(value) ?? "";
}

/** What base64 or base64url stands for, padded or not, in one line or several; null for what is neither. */
function decodeBase64(text: string): string | null {
  const plain = text.replaceAll(/\s/g, "").replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (plain === "") return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(decodeBase64Url(plain));
  } catch {
    return null;
  }
}

function checkJson(text: string, otherwise: string): string {
  if (parseClaimsRequest(text) !== null) return text;
  try {
    JSON.parse(text);
  } catch {
    throw wrong(otherwise);
  }
  throw wrong('it has to be a JSON object of objects, as {"access_token":{…}}');
}

function wrong(reason: string, hint = WAYS): CliError {
  return new CliError("usage", `--claims can't be used: ${reason}`, { hint });
}

const WAYS =
  "Give the JSON in single quotes, its base64, or the whole WWW-Authenticate header of the API's answer.";
