/** A JSON object whose members are not validated yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reports whether `value` is a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** More than any document of ours or of an authority has. Writing and walking 10,000 levels overflows the stack. */
const MAX_DEPTH = 200;

/** Parses JSON from outside. @throws {SyntaxError} for text that is not JSON, or nested more than 200 levels deep. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isTooDeep(value)) throw new SyntaxError("The JSON is nested too deeply");
  return value;
}

/** Reports whether arrays and objects in a JSON value are nested more than 200 levels deep. */
export function isTooDeep(value: unknown, levels = MAX_DEPTH): boolean {
  if (!hasMembers(value)) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    return value.some((member) => hasMembers(member) && isTooDeep(member, levels - 1));
  }
  // Not Object.values(): it would build a list for each of thousands of profiles.
  for (const name in value) {
    const member: unknown = value[name as keyof typeof value];
    if (hasMembers(member) && Object.hasOwn(value, name) && isTooDeep(member, levels - 1)) return true;
  }
  return false;
}

function hasMembers(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Parses a JSON object. Returns null for other JSON, for what {@linkcode parseJson} refuses, and for bytes that are not UTF-8. */
export function parseJsonObject(json: string | Uint8Array): JsonObject | null {
  try {
    const text = typeof json === "string" ? json : new TextDecoder("utf-8", { fatal: true }).decode(json);
    const value = parseJson(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
