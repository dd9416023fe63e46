import type { Json } from "./failures.ts";

/** What a secret is, in words for a test's message. */
export type SecretKind =
  | "access token"
  | "refresh token"
  | "ID token"
  | "device code"
  | "authorization code"
  | "verifier"
  | "client secret"
  | "assertion";

/** Fields of the provider's answers that hold a secret. */
const IN_ANSWERS: Readonly<Record<string, SecretKind>> = {
  access_token: "access token",
  refresh_token: "refresh token",
  id_token: "ID token",
  device_code: "device code",
};

/** Fields of what clients send that hold a secret. */
const IN_FORMS: Readonly<Record<string, SecretKind>> = {
  code: "authorization code",
  code_verifier: "verifier",
  refresh_token: "refresh token",
  device_code: "device code",
  client_secret: "client secret",
  client_assertion: "assertion",
  assertion: "assertion",
};

/** Shorter ones could stand in a text by chance. */
const SHORTEST = 12;

/** Every secret that went over the wire, in either direction. */
export class SecretsOnTheWire {
  /** What each is, by its value. */
  readonly found = new Map<string, SecretKind>();

  /** Takes note of what the provider answers. */
  noteAnswer(answer: Json): void {
    this.#note(answer, IN_ANSWERS);
  }

  /** Takes note of what a client sends. */
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
