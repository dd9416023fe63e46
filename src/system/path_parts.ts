import { basename as posixBasename } from "@std/path/posix/basename";
import { dirname as posixDirname } from "@std/path/posix/dirname";
import { basename as windowsBasename } from "@std/path/windows/basename";
import { dirname as windowsDirname } from "@std/path/windows/dirname";
import { systemOs } from "./os.ts";

const isWindows = systemOs === "windows";

/** The last part of a path of this machine. */
export const basename: (path: string) => string = isWindows ? windowsBasename : posixBasename;

/** A path of this machine without its last part. */
export const dirname: (path: string) => string = isWindows ? windowsDirname : posixDirname;
