import { CliError } from "../errors.ts";
import { type AutomaticChoice, bestGuardian } from "./guardian/best_guardian.ts";
import { forcedGuardian, type GuardianContext, openGuardian } from "./guardian/guardians.ts";
import type { KeyGuardian } from "./guardian/key_guardian.ts";
import { type GuardedKey, isInterruption, keeperOf, openKeeper, type StoreKeys } from "./store_keys.ts";
import type { TokenFileHeader } from "./token_file.ts";
import type { KeyPlace } from "./token_store.ts";

/**
 * Decides who keeps the key of the next `tokens.enc`: the guardian that the environment forces; else the one that the
 * file names, so that a key store which comes and goes changes nothing; and for a first file the best one that is here.
 */
export interface KeyChoice {
  /**
   * The key to write with in place of `present`, which is null where there is no file yet. For who holds the store's
   * lock; `suffix` is put after the name of what has to make room. @throws {CliError}
   */
  forWriting(present: GuardedKey | null, suffix: () => Promise<string>): Promise<GuardedKey>;
  /** Who keeps the key of the file with this header, or would keep that of the first file. @throws {CliError} */
  place(header: TokenFileHeader | null): Promise<KeyPlace>;
}

/** Who is chosen in this world, where `keys` finds what there is. Nothing is looked at before it is needed. */
export function openKeyChoice(keys: StoreKeys, context: GuardianContext): KeyChoice {
  /** Who has the key, which is not whom the file names where it was carried over by hand; that one where nobody has. */
  async function holder(header: TokenFileHeader): Promise<KeyGuardian> {
    try {
      return (await keys.find(header)).guardian;
    } catch (error) {
      if (!(error instanceof CliError) || isInterruption(error)) throw error;
      return await openKeeper(keeperOf(header), context);
    }
  }

  return {
    async forWriting(present, suffix) {
      const forced = forcedGuardian(context.env);
      if (present !== null && present.guardian.name === (forced ?? present.guardian.name)) return present;
      const { guardian } = await chooseGuardian(context);
      return { ...await guardian.obtain(await suffix()), guardian };
    },
    async place(header) {
      const { guardian, reason } = header === null
        ? await chooseGuardian(context)
        : { guardian: await holder(header), reason: null };
      return { guardian: guardian.name, place: guardian.place, isInUse: header !== null, reason };
    },
  };
}

/** The guardian of a key that is yet to be made. */
async function chooseGuardian(context: GuardianContext): Promise<AutomaticChoice> {
  const forced = forcedGuardian(context.env);
  if (forced === null) return await bestGuardian(context);
  return { guardian: await openGuardian(forced, context), reason: null };
}
