import { plainText } from "../../../src/text/plain_text.ts";

/** From this length on a part of a secret is as bad as all of it: error messages are cut, and so is what they quote. */
const LONG = 72;

/** The texts by which a secret is found. */
export interface Traces {
  /** The secret itself, and what it becomes on a terminal, in a URL, in a form and in base64. */
  readonly whole: readonly string[];
  /** Its thirds, where it is long. Another secret may have one of them too: tokens begin alike. */
  readonly parts: readonly string[];
}

/** The texts by which `secret` is found. */
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

/** What stands in the base64 of any text with `secret` in it, for each way that its octets can fall in groups of three. */
function inBase64(secret: string): string[] {
  const octets = new TextEncoder().encode(secret);
  return [0, 1, 2].map((before) => {
    const shifted = new Uint8Array(before + octets.length);
    shifted.set(octets, before);
    const text = btoa(String.fromCharCode(...shifted)).replace(/=+$/, "");
    // The characters at both ends depend on what stands beside the secret.
    return text.slice(before === 0 ? 0 : before + 1, -1);
  });
}
