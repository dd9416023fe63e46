// Not with the flag i: V8 takes a tenth of a millisecond to prepare for the first one.
const GUID = /^[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}$/;

/** Reports whether `text` is a GUID, in upper or lower case: Entra identifies tenants, users and applications by GUIDs. */
export function isGuid(text: string): boolean {
  return GUID.test(text);
}
