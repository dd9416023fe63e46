import { CliError } from "../../errors.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { TokenDependencies, TokenRequest } from "./token_request.ts";

/**
 * Sees to it that nothing is kept, or asked for, on behalf of a profile that is gone. Only in the profile's turn does the
 * answer last: whoever deletes a profile takes that too.
 *
 * @throws {CliError} `no_profile` when the profile was there as the command began, and isn't any more.
 */
export async function assertProfileExists(
  { hasProfile, key }: Pick<TokenRequest, "hasProfile" | "key">,
  { profileExists }: Pick<TokenDependencies, "profileExists">,
): Promise<void> {
  if (hasProfile && !await profileExists()) throw profileDeletedError(key.profile);
}

/** The error for a profile that somebody deleted since the command began. */
export function profileDeletedError(profile: string): CliError {
  return new CliError("no_profile", `Profile '${profile}' was deleted meanwhile`, {
    hint: `Create it again: entra-auth-cli create-profile --name ${shellWord(profile)}`,
  });
}
