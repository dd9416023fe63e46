const BASE = "https://login.example/t/oauth2/v2.0/authorize";

/** Every byte, percent-encoded. */
const OCTETS = Array.from(
  { length: 256 },
  (_, octet) => `%${octet.toString(16).padStart(2, "0").toUpperCase()}`,
);

/** Valid https URLs with characters that a shell, a script or a system could interpret, by description. */
export const TRICKY_URLS: Readonly<Record<string, string>> = {
  "all that may stand in a path": `${BASE}/a-._~!&'()*+,;=:@b`,
  "all that may stand behind a question mark": `${BASE}?a-._~!&'()*+,;=:@/?[]b`,
  "all that may stand behind a number sign": `${BASE}?a#b-._~!&'()*+,;=:@/?c`,
  "every octet": `${BASE}?all=${OCTETS.join("")}`,
  "what is another sign to each shell": `${BASE}?q=${
    encodeURIComponent("`a` $(b) ${c} %PATH% !d! ^e \"f\" 'g' |h <i> \\j {k}")
  }`,
  "letters of other scripts": `${BASE}?q=${encodeURIComponent("Zoë ☃ 日本語 🦕")}`,
  "ten of what ends a command": `${BASE}?${
    Array.from({ length: 10 }, (_, n) => `a${n}=${n}`).join("&")
  };calc.exe`,
  "options and other commands": `${BASE}?a=--help&b=/c&c=-e&d=/?&e=@file`,
};

/** Returns a URL of `length` characters. */
export function longUrl(length: number): string {
  return `${BASE}?claims=`.padEnd(length, "claims");
}
