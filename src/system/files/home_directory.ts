import { CliError } from "../../errors.ts";
import type { Environment } from "../environment.ts";
import type { Os } from "../os.ts";
import { type PathRules, pathRules } from "../path.ts";

/**
 * Returns the folder for all files of this program: `$ENTRA_AUTH_CLI_HOME`, or `.entra-auth-cli` in the home directory
 * of the user (`%USERPROFILE%` on Windows, `$HOME` elsewhere).
 *
 * @throws {CliError} `usage` if the deciding variable is missing or not an absolute path.
 */
export function homeFolder(env: Environment, os: Os): string {
  const rules = pathRules(os);
  const own = env.get("ENTRA_AUTH_CLI_HOME");
  if (own !== undefined) return absolute("ENTRA_AUTH_CLI_HOME", own, rules);
  const variable = os === "windows" ? "USERPROFILE" : "HOME";
  const home = env.get(variable);
  if (home === undefined) {
    throw new CliError("usage", `${variable} is not set: the token folder is unknown`, {
      hint: "Set ENTRA_AUTH_CLI_HOME to a folder of your own.",
    });
  }
  return rules.join(absolute(variable, home, rules), ".entra-auth-cli");
}

function absolute(variable: string, path: string, rules: PathRules): string {
  if (rules.isAbsolute(path) && !path.includes("\0")) return path;
  throw new CliError("usage", `Invalid ${variable} ${JSON.stringify(path)}: expected an absolute path`, {
    hint: `Set ${variable} to the full path of a folder.`,
  });
}
