import { encodeBase64Url } from "@std/encoding/base64url";
import { shellWord } from "../../text/shell_word.ts";

/** What a command has to say to sign in for one token. */
export interface SignInWords {
  /** Name of the profile. */
  readonly profile: string;
  /** Flags with their values, a word each. */
  readonly flags?: readonly string[] | undefined;
  /** Claims to carry, as JSON text. */
  readonly claims?: string | undefined;
}

/**
 * The command that signs in, ready to be copied into a shell. It may be pasted on another machine than this one, so claims
 * are base64url, which no shell takes apart: Windows PowerShell drops the quotes in JSON, however it is quoted.
 */
export function signInCommand({ profile, flags = [], claims }: SignInWords): string {
  const words = ["entra-auth-cli", "get-token", "--profile", profile, ...flags];
  return [...words, ...(claims === undefined ? [] : ["--claims", encodeBase64Url(claims)])].map(shellWord)
    .join(" ");
}
