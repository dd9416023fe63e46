import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";

/** The error for a profile that isn't there. */
export function noSuchProfile(name: string): CliError {
  return new CliError("no_profile", `Profile '${name}' does not exist`, {
    hint: "See what there is: entra-auth-cli list-profiles",
  });
}

/** The error for a new profile whose name is taken. */
export function nameTaken(name: string): CliError {
  return new CliError("usage", `Profile '${name}' exists already`, {
    hint: `Choose another name, or delete it first: entra-auth-cli delete-profile --name ${shellWord(name)}`,
  });
}
