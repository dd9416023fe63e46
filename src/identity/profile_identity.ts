/**
 * Distinguishes a profile from every other one, also of the same name: tokens are bound to it. A profile that an earlier
 * version wrote has none until the first write, and neither has a sign-in without a profile; both are null.
 */
export interface ProfileIdentity {
  /** 128 random bits, in hexadecimal digits. */
  readonly id: string;
  /**
   * Increases when another account signs in, and when the tokens are cleared: an older copy of the token file then has
   * none for this profile. 0 while tokens that are not bound yet are being bound to the profile.
   */
  readonly generation: number;
}

/** The form of an id. */
export const PROFILE_ID_PATTERN: RegExp = /^[0-9a-f]{32}$/;

/** Creates the identity of a new profile. */
export function newProfileIdentity(): ProfileIdentity {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { id: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""), generation: 1 };
}

/** Returns the identity of the profile once its older tokens are invalid. */
export function nextGeneration({ id, generation }: ProfileIdentity): ProfileIdentity {
  return { id, generation: generation + 1 };
}

/**
 * Reports whether a profile may use what is bound to `bound`. The token file is written before the profile, so it may be
 * one generation ahead.
 */
export function acceptsIdentity(profile: ProfileIdentity | null, bound: ProfileIdentity | null): boolean {
  if (profile === null) return bound === null;
  if (bound === null) return profile.generation === 0;
  const ahead = bound.generation - profile.generation;
  return bound.id === profile.id && (ahead === 0 || ahead === 1);
}
