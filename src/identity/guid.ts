const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reports whether `text` is a GUID, in upper or lower case: Entra identifies tenants, users and applications by GUIDs. */
export function isGuid(text: string): boolean {
  return GUID.test(text);
}
