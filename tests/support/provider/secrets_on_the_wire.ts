import type { Json } from "./failures.ts";

/** The kind of a secret, for messages of tests. */
export type SecretKind =
  | "access token"
  | "refresh token"
  | "ID token"
  | "device code"
  | "authorization code"
  | "verifier"
  | "client secret"
  | "assertion";

/** Members of the provider's responses that hold a secret. */
const IN_RESPONSES: Readonly<Record<string, SecretKind>> = {
  access_token: "access token",
  refresh_token: "refresh token",
  id_token: "ID token",
  device_code: "device code",
};

/** Fields of requests that hold a secret. */
const IN_FORMS: Readonly<Record<string, SecretKind>> = {
  code: "authorization code",
  code_verifier: "verifier",
  refresh_token: "refresh token",
  device_code: "device code",
  client_secret: "client secret",
  client_assertion: "assertion",
  assertion: "assertion",
};

/** Shorter ones could occur in a text by chance. */
const SHORTEST = 12;

/** Records every secret sent in either direction. */
export class SecretsOnTheWire {
  /** The kind of each secret, by its value. */
  readonly found = new Map<string, SecretKind>();

  /** Records the secrets of a response. */
  noteResponse(answer: Json): void {
    this.#note(answer, IN_RESPONSES);
  }

  /** Records the secrets of a request. */
  noteForm(form: Readonly<Record<string, string>>): void {
    this.#note(form, IN_FORMS);
  }

  #note(fields: Readonly<Record<string, unknown>>, kinds: Readonly<Record<string, SecretKind>>): void {
    for (const [name, kind] of Object.entries(kinds)) {
      const value = fields[name];
      if (typeof value === "string" && value.length >= SHORTEST) this.found.set(value, kind);
    }
  }
}
