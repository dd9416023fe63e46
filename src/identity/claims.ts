import { isJsonObject, type JsonObject, parseJsonObject } from "../text/json.ts";

/** The sections of a claims request (OpenID Connect Core 1.0 section 5.5), and Entra's own, `access_token`. */
export type ClaimsRequest = Readonly<Record<string, JsonObject>>;

/** Parses the JSON text of a claims request. Returns null for any other text, which a sign-in cannot carry. */
export function parseClaimsRequest(text: string): ClaimsRequest | null {
  const request = parseJsonObject(text);
  return request !== null && isClaimsRequest(request) ? request : null;
}

/** Merges two claims requests. If both contain a claim, `second` wins. */
export function mergeClaims(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const [before, after] = [parseClaimsRequest(first), parseClaimsRequest(second)];
  if (before === null || after === null) return after === null ? first : second;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return JSON.stringify(
    Object.fromEntries([...names].map((name) => [name, { ...before[name], ...after[name] }])),
  );
}

function isClaimsRequest(request: JsonObject): request is ClaimsRequest {
  return Object.values(request).every(isJsonObject);
}
