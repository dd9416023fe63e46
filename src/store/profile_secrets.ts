import { type JsonObject, parseJsonObject } from "../text/json.ts";
import { Secret } from "../text/secret.ts";
import { damagedContent } from "./store_error.ts";

/** The secret part of a profile's application credentials, stored like its tokens. */
export interface ProfileSecrets {
  /** The application of the secrets: they are never sent for another one. */
  readonly clientId: string;
  /** The authority of the secrets, null for the public cloud: no edit of `profiles.json` sends them to another one. */
  readonly authority: string | null;
  readonly clientSecret?: Secret | undefined;
  /** The password of the profile's certificate. */
  readonly certificatePassword?: Secret | undefined;
}

/** Formats the secrets as JSON in plain text. Only for encryption. */
export function formatProfileSecrets(
  { clientId, authority, clientSecret, certificatePassword }: ProfileSecrets,
): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({
    clientId,
    authority: authority ?? undefined,
    clientSecret: clientSecret?.reveal(),
    certificatePassword: certificatePassword?.reveal(),
  }));
}

/** Parses what {@linkcode formatProfileSecrets} returns. @throws {CliError} `unreadable_store` for an invalid field. */
export function parseProfileSecrets(data: Uint8Array): ProfileSecrets {
  const fields = parseJsonObject(data);
  if (fields === null) throw damagedContent("the secrets of a profile are not an object");
  const clientId = textField(fields, "clientId");
  if (clientId === undefined) throw damagedContent("clientId is missing");
  return {
    clientId,
    authority: textField(fields, "authority") ?? null,
    clientSecret: secretField(fields, "clientSecret"),
    certificatePassword: secretField(fields, "certificatePassword"),
  };
}

function textField(fields: JsonObject, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || typeof value === "string") return value;
  throw damagedContent(`${name} is not a string`);
}

function secretField(fields: JsonObject, name: string): Secret | undefined {
  const text = textField(fields, name);
  return text === undefined ? undefined : new Secret(text);
}
