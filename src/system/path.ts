import { basename as posixBasename } from "@std/path/posix/basename";
import { dirname as posixDirname } from "@std/path/posix/dirname";
import { isAbsolute as posixIsAbsolute } from "@std/path/posix/is-absolute";
import { join as posixJoin } from "@std/path/posix/join";
import { resolve as posixResolve } from "@std/path/posix/resolve";
import { basename as windowsBasename } from "@std/path/windows/basename";
import { dirname as windowsDirname } from "@std/path/windows/dirname";
import { isAbsolute as windowsIsAbsolute } from "@std/path/windows/is-absolute";
import { join as windowsJoin } from "@std/path/windows/join";
import { resolve as windowsResolve } from "@std/path/windows/resolve";
import { CliError } from "../errors.ts";
import type { Environment } from "./environment.ts";
import { type Os, systemOs } from "./os.ts";

/** Path functions of one operating system. */
export interface PathRules {
  readonly isAbsolute: (path: string) => boolean;
  readonly join: (path: string, ...more: string[]) => string;
  readonly basename: (path: string) => string;
  readonly dirname: (path: string) => string;
  /** Returns an absolute path, from the working folder if `paths` are relative. */
  readonly resolve: (...paths: string[]) => string;
}

const POSIX: PathRules = {
  isAbsolute: posixIsAbsolute,
  join: posixJoin,
  basename: posixBasename,
  dirname: posixDirname,
  resolve: posixResolve,
};
const WINDOWS: PathRules = {
  isAbsolute: windowsIsAbsolute,
  join: windowsJoin,
  basename: windowsBasename,
  dirname: windowsDirname,
  resolve: windowsResolve,
};

/**
 * Returns the path functions of `os`. They come from the two halves of @std/path: its platform-independent modules
 * detect the platform on their own and make Deno load its Node compatibility layer, a quarter of the time of a cached
 * `get-token`.
 */
export function pathRules(os: Os): PathRules {
  return os === "windows" ? WINDOWS : POSIX;
}

/** The path functions of this machine. */
export const systemPath: PathRules = pathRules(systemOs);

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
