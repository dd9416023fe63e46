import type { Profile } from "./profile.ts";
import { type Fields, isFields, type ProfileFile, VERSION } from "./profile_file.ts";

/** A file without a profile, to be written to `path`. */
export function emptyProfileFile(path: string): ProfileFile {
  return { path, text: "", rest: { version: VERSION }, profiles: {} };
}

/** `profiles.json` with these profiles, in a form for people. */
export function formatProfileFile(file: ProfileFile, profiles: Fields): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ ...file.rest, profiles }, null, 2) + "\n");
}

/** A profile as it is written to the file, where its name is the key and what is empty is left out. */
export function profileRecord({ name: _, ...fields }: Profile): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

/** Fields of a profile that this program knows. */
const KNOWN_FIELDS: Readonly<Record<Exclude<keyof Profile, "name">, true>> = {
  tenantId: true,
  clientId: true,
  flow: true,
  scopes: true,
  authority: true,
  loginHint: true,
  expectUser: true,
  expectTenant: true,
  certificate: true,
};

/** What a record of the file says that this program doesn't know: its own user wrote it there. */
export function unknownFields(record: unknown): Fields {
  if (!isFields(record)) return {};
  return Object.fromEntries(Object.entries(record).filter(([field]) => !Object.hasOwn(KNOWN_FIELDS, field)));
}
