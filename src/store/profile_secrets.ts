import { Secret } from "../text/secret.ts";
import { damagedContent } from "./store_error.ts";

/** What a profile's application proves itself with, as far as it is secret. It is kept as its tokens are. */
export interface ProfileSecrets {
  /** The application that the secrets are for: they are never sent for another. */
  readonly clientId: string;
  /** The profile's authority that they are for, null for the public cloud: no file of profiles leads them to another. */
  readonly authority: string | null;
  /** The client secret. */
  readonly clientSecret?: Secret | undefined;
  /** What opens the profile's certificate. */
  readonly certificatePassword?: Secret | undefined;
}

/** The secrets as the bytes of a record, in the clear. Only for encryption. */
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

/** The secrets in a record. @throws {CliError} `unreadable_store` when a field is not what {@linkcode formatProfileSecrets} writes. */
export function parseProfileSecrets(data: Uint8Array): ProfileSecrets {
  const fields = parseObject(data);
  const clientId = textField(fields, "clientId");
  if (clientId === undefined) throw damagedContent("clientId is not a text");
  const clientSecret = textField(fields, "clientSecret");
  const certificatePassword = textField(fields, "certificatePassword");
  return {
    clientId,
    authority: textField(fields, "authority") ?? null,
    ...(clientSecret === undefined ? {} : { clientSecret: new Secret(clientSecret) }),
    ...(certificatePassword === undefined ? {} : { certificatePassword: new Secret(certificatePassword) }),
  };
}

function parseObject(data: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The parser's message quotes what it read, which holds secrets.
  }
  throw damagedContent("the secrets of a profile are not an object");
}

function textField(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || typeof value === "string") return value;
  throw damagedContent(`${name} is not a text`);
}
