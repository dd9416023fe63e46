import { plainText } from "../../../src/text/plain_text.ts";

/** From this length on, a part of a secret counts as a leak, since error messages truncate what they quote. */
const LONG = 72;

/** The texts that reveal a secret. */
export interface Traces {
  /** The secret itself, and its forms on a terminal, in a URL, in a form and in base64. */
  readonly whole: readonly string[];
  /** The thirds of a long secret. Secrets can share them: tokens have common prefixes. */
  readonly parts: readonly string[];
}

/** Returns the texts that reveal `secret`. */
export function tracesOf(secret: string): Traces {
  const third = Math.floor(secret.length / 3);
  const inForm = new URLSearchParams({ "": secret }).toString().slice(1);
  return {
    whole: [
      ...new Set([
        secret,
        plainText(secret, Infinity),
        encodeURIComponent(secret),
        inForm,
        ...inBase64(secret),
      ]),
    ],
    parts: secret.length < LONG
      ? []
      : [0, 1, 2].map((index) => secret.slice(index * third, (index + 1) * third)),
  };
}

/** Returns the base64 of `secret` inside any text, for each alignment to groups of three bytes. */
function inBase64(secret: string): string[] {
  const octets = new TextEncoder().encode(secret);
  return [0, 1, 2].map((before) => {
    const shifted = new Uint8Array(before + octets.length);
    shifted.set(octets, before);
    const text = btoa(String.fromCharCode(...shifted)).replace(/=+$/, "");
    // The characters at both ends depend on the text beside the secret.
    return text.slice(before === 0 ? 0 : before + 1, -1);
  });
}
