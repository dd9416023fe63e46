/** The sections of a claims request (OpenID Connect Core 1.0 section 5.5), and Entra's own, `access_token`. */
export type ClaimsRequest = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Reads the JSON text of a claims request; null for any other text, which no sign-in could carry. */
export function parseClaimsRequest(text: string): ClaimsRequest | null {
  try {
    const value: unknown = JSON.parse(text);
    return isClaimsRequest(value) ? value : null;
  } catch {
    return null;
  }
}

/** One claims request that asks for what either of two asks for; where both ask the same, as `second` does. */
export function mergeClaims(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const [before, after] = [parseClaimsRequest(first), parseClaimsRequest(second)];
  if (before === null || after === null) return after === null ? first : second;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return JSON.stringify(
    Object.fromEntries([...names].map((name) => [name, { ...before[name], ...after[name] }])),
  );
}

function isClaimsRequest(value: unknown): value is ClaimsRequest {
  return isObject(value) && Object.values(value).every(isObject);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
