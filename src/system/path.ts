import { basename as posixBasename } from "@std/path/posix/basename";
import { dirname as posixDirname } from "@std/path/posix/dirname";
import { isAbsolute as posixIsAbsolute } from "@std/path/posix/is-absolute";
import { join as posixJoin } from "@std/path/posix/join";
import { basename as windowsBasename } from "@std/path/windows/basename";
import { dirname as windowsDirname } from "@std/path/windows/dirname";
import { isAbsolute as windowsIsAbsolute } from "@std/path/windows/is-absolute";
import { join as windowsJoin } from "@std/path/windows/join";
import { type Os, systemOs } from "./os.ts";

/** Path functions of one operating system. */
export interface PathRules {
  readonly isAbsolute: (path: string) => boolean;
  readonly join: (path: string, ...more: string[]) => string;
  readonly basename: (path: string) => string;
  readonly dirname: (path: string) => string;
}

const POSIX: PathRules = {
  isAbsolute: posixIsAbsolute,
  join: posixJoin,
  basename: posixBasename,
  dirname: posixDirname,
};
const WINDOWS: PathRules = {
  isAbsolute: windowsIsAbsolute,
  join: windowsJoin,
  basename: windowsBasename,
  dirname: windowsDirname,
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
