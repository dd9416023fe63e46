import { type GuardianContext, openGuardian } from "./guardians.ts";
import { keyFileGuardian } from "./key_file.ts";
import type { KeyGuardian } from "./key_guardian.ts";

/** A guardian that was chosen because nobody forced one. */
export interface AutomaticChoice {
  /** The best guardian that is here. */
  readonly guardian: KeyGuardian;
  /** Why it is no better one, as a sentence without its full stop; null where there is none better. */
  readonly reason: string | null;
}

/**
 * Chooses the guardian for a first `tokens.enc`: the system's key store where there is one, else the key file. A key
 * store that is here and doesn't work is still the choice: its error is clearer than a key that quietly lies in a file.
 */
export async function bestGuardian(context: GuardianContext): Promise<AutomaticChoice> {
  if (context.os === "windows") return { guardian: await openGuardian("dpapi", context), reason: null };
  if (context.os === "darwin") return { guardian: await openGuardian("keychain", context), reason: null };
  const { findSecretService } = await import("./secret_service.ts");
  const found = await findSecretService(context.processes);
  if (found.kind === "available") {
    return { guardian: await openGuardian("secret-service", context), reason: null };
  }
  return { guardian: keyFileGuardian(context.folder), reason: found.reason };
}
