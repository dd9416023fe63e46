import { CliError } from "../errors.ts";
import type { JsonObject } from "../text/json.ts";
import { plainText } from "../text/plain_text.ts";
import type { Authority } from "./authority.ts";

/** What the device authorization endpoint granted, judged: RFC 8628 section 3.2. */
export interface DeviceAuthorization {
  /** What the person types, fit for a terminal. */
  readonly userCode: string;
  /** Where the person types it. */
  readonly verificationUri: string;
  /** The same address with the code in it, where the authority gives one. */
  readonly verificationUriComplete: string | null;
  /** The time between two polls, in seconds. */
  readonly intervalSeconds: number;
  /** How long the code is good, in seconds. */
  readonly expiresInSeconds: number;
}

/** Where Entra lets people enter codes, besides the authority's own host. */
const VERIFICATION_HOSTS = [
  "microsoft.com",
  "www.microsoft.com",
  "login.microsoft.com",
  "login.microsoftonline.com",
  "login.microsoftonline.us",
  "login.partner.microsoftonline.cn",
];

/** In seconds. The default is the RFC's; the others keep an odd answer from storming the authority or from never polling. */
const INTERVAL = { default: 5, least: 1, most: 60 };

/** In seconds: as long as Entra's codes are good, and no code is believed to be good for longer. */
const MAX_LIFE_SECONDS = 15 * 60;

const MAX_USER_CODE = 64;

/**
 * Judges the answer of the device authorization endpoint before anything of it is shown or used.
 *
 * @throws {CliError} `invalid_response` that names the field.
 */
export function validateDeviceAuthorization(body: JsonObject, authority: Authority): DeviceAuthorization {
  const { device_code: deviceCode, user_code: shown } = body;
  if (typeof deviceCode !== "string" || deviceCode === "") throw wrongField("device_code", "a code");
  const userCode = typeof shown === "string" ? plainText(shown, MAX_USER_CODE) : "";
  if (userCode === "") throw wrongField("user_code", "a code");
  const verificationUri = trustedAddress(body.verification_uri, authority);
  if (verificationUri === null) {
    throw wrongField("verification_uri", `https on ${authority.host} or on a sign-in page of Microsoft's`);
  }
  return {
    userCode,
    verificationUri,
    verificationUriComplete: trustedAddress(body.verification_uri_complete, authority),
    intervalSeconds: clamp(seconds(body.interval) ?? INTERVAL.default, INTERVAL.least, INTERVAL.most),
    expiresInSeconds: clamp(
      seconds(body.expires_in) ?? MAX_LIFE_SECONDS,
      INTERVAL.least,
      MAX_LIFE_SECONDS,
    ),
  };
}

/** A code that is entered on somebody else's page is somebody else's, so the address decides whom the person trusts. */
function trustedAddress(value: unknown, { host }: Authority): string | null {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null || url.protocol !== "https:" || url.username !== "" || url.password !== "") return null;
  return url.host === host || VERIFICATION_HOSTS.includes(url.host) ? url.href : null;
}

/** Seconds above zero, which some authorities send as text; null for anything else. */
function seconds(value: unknown): number | null {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && number > 0 ? number : null;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function wrongField(name: string, wanted: string): CliError {
  return new CliError(
    "invalid_response",
    `The answer to the device code request is not valid: ${name} is not ${wanted}`,
    {
      hint: "Check --authority, and that no proxy answers in place of the sign-in service.",
    },
  );
}
