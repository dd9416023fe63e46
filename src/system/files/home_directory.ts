import { CliError } from "../../errors.ts";
import type { Environment } from "../environment.ts";
import type { Os } from "../os.ts";
import { type PathRules, pathRules } from "../path.ts";

/**
 * The folder that holds everything this program keeps: `$ENTRA_AUTH_CLI_HOME`, else `.entra-auth-cli` in the user's
 * home.
 *
 * @param os On Windows the home is `%USERPROFILE%`, elsewhere `$HOME`.
 * @throws {CliError} `usage` when the variable that decides is missing or no absolute path.
 */
export function homeFolder(env: Environment, os: Os): string {
  const rules = pathRules(os);
  const own = env.get("ENTRA_AUTH_CLI_HOME");
  if (own !== undefined) return absolute("ENTRA_AUTH_CLI_HOME", own, rules);
  const variable = os === "windows" ? "USERPROFILE" : "HOME";
  const home = env.get(variable);
  if (home === undefined) {
    throw new CliError("usage", `${variable} is not set, so there is no place to keep tokens`, {
      hint: "Set ENTRA_AUTH_CLI_HOME to a folder of your own.",
    });
  }
  return rules.join(absolute(variable, home, rules), ".entra-auth-cli");
}

function absolute(variable: string, path: string, rules: PathRules): string {
  if (rules.isAbsolute(path) && !path.includes("\0")) return path;
  throw new CliError("usage", `${variable} must be an absolute path, but is ${JSON.stringify(path)}`, {
    hint: `Set ${variable} to the full path of a folder.`,
  });
}
