import { shellWord } from "./shell_word.ts";

/** What a command has to say to sign in for one token. */
export interface SignInWords {
  /** Name of the profile. */
  readonly profile: string;
  /** Flags with their values, a word each. */
  readonly flags?: readonly string[] | undefined;
  /** Claims to carry, as JSON text. */
  readonly claims?: string | undefined;
}

/** The command that signs in, ready to be copied into a shell. */
export function signInCommand({ profile, flags = [], claims }: SignInWords): string {
  const words = ["entra-auth-cli", "get-token", "--profile", profile, ...flags];
  return [...words, ...(claims === undefined ? [] : ["--claims", claims])].map(shellWord).join(" ");
}
