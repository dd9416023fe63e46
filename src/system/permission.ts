import { CliError } from "../errors.ts";
import { isSandboxed } from "./sandbox.ts";
import { shellWord } from "../text/shell_word.ts";

/**
 * Runs `work`, which needs the given Deno permissions. A permission that Deno would prompt for counts as denied, so
 * that Deno never prompts on the terminal.
 *
 * @param action Names the work in the error message: "Reading /home/me/file".
 * @throws {CliError} `permission` with the flag to add. Other errors of `work` pass through.
 */
export async function permitted<T>(
  needs: readonly Deno.PermissionDescriptor[],
  action: string,
  work: () => T | Promise<T>,
): Promise<T> {
  for (const need of needs) {
    if (failsWithoutPrompt(need, "read") || isGrantedEverywhere(need.name)) continue;
    const { state } = await Deno.permissions.query(need);
    if (state !== "granted") throw permissionError(action, need);
  }
  try {
    return await work();
  } catch (error) {
    throw translate(error, needs, action);
  }
}

/** Does the same as {@linkcode permitted} for synchronous work. */
export function permittedSync<T>(
  needs: readonly Deno.PermissionDescriptor[],
  action: string,
  work: () => T,
): T {
  for (const need of needs) {
    if (failsWithoutPrompt(need, need.name === "sys" ? "sys" : "env") || isGrantedEverywhere(need.name)) {
      continue;
    }
    const { state } = Deno.permissions.querySync(need);
    if (state !== "granted") throw permissionError(action, need);
  }
  try {
    return work();
  } catch (error) {
    throw translate(error, needs, action);
  }
}

/**
 * Returns whether Deno refuses `need` with an error and without a prompt, as it does in an executable. The work may then
 * try without a query. This holds only for a kind that occurs once per work, so that the error identifies the need.
 */
function failsWithoutPrompt(
  need: Deno.PermissionDescriptor,
  kind: Deno.PermissionDescriptor["name"],
): boolean {
  return Deno.build.standalone && need.name === kind;
}

const grantedEverywhere = new Map<Deno.PermissionDescriptor["name"], boolean>();

/** Returns whether Deno grants a whole kind of permission. The result is kept: a cached token needs a dozen reads. */
export function isGrantedEverywhere(name: Deno.PermissionDescriptor["name"]): boolean {
  const known = grantedEverywhere.get(name);
  if (known !== undefined) return known;
  const { state, partial } = Deno.permissions.querySync({ name });
  const isGranted = state === "granted" && !partial;
  grantedEverywhere.set(name, isGranted);
  return isGranted;
}

export type PermissionNeed = Deno.PermissionDescriptor;

/** Returns whether Deno grants `need` without a prompt. */
export async function isPermitted(need: PermissionNeed): Promise<boolean> {
  return (await Deno.permissions.query(need)).state === "granted";
}

/**
 * Returns how to get the permission `need` if this executable was built without it, and null if it has it. A release has
 * it, and so may a later `deno run`.
 */
export function missingInBuild(need: PermissionNeed): string | null {
  if (!Deno.build.standalone || isSandboxed) return null;
  return Deno.permissions.querySync(need).state === "granted" ? null : permissionHint(need);
}

/** Returns the Deno flag that grants `need`, such as `--allow-read=/home/me/file`. */
export function permissionFlag(need: Deno.PermissionDescriptor): string {
  const target = permissionTarget(need);
  const flag = `--allow-${need.name}${target === undefined ? "" : `=${target}`}`;
  return /[\s$"'`\\]/.test(flag) ? shellWord(flag) : flag;
}

/** Names `need` for the user: by the flag of Deno, or without one in an executable. */
export function permissionName(need: Deno.PermissionDescriptor): string {
  return Deno.build.standalone ? `${need.name} ${permissionTarget(need) ?? "access"}` : permissionFlag(need);
}

/** Returns what the user can do to get the permission `need`. An executable takes no Deno flags. */
export function permissionHint(need: Deno.PermissionDescriptor): string {
  if (!Deno.build.standalone) return `Add the Deno flag ${permissionFlag(need)}`;
  if (isSandboxed) return SANDBOX_HINT;
  const target = permissionTarget(need) ?? "";
  switch (need.name) {
    case "net":
    case "run":
    case "env":
      return `sh scripts/dev.sh compile --also-${need.name} ${shellWord(target)}\n${NARROW_BUILD}`;
    case "read":
    case "write":
      return `Choose a path in the folder of this program.\n${NARROW_BUILD}`;
    default:
      return NARROW_BUILD;
  }
}

/** For an executable that was compiled with `--also-…` or `--scope-home`. */
const NARROW_BUILD =
  "This executable was built with fewer permissions than a release. Use a build that has more.";

/** For what no command line names: mostly files of the system, which Deno opens only with all permissions. */
const SANDBOX_HINT = "Choose a file in a folder of your own, or a program in PATH.\n" +
  "Or run the program by deno run, with the flags that entra-auth-cli permissions prints.";

function permissionTarget(need: Deno.PermissionDescriptor): string | undefined {
  switch (need.name) {
    case "read":
    case "write":
    case "ffi":
      return need.path?.toString();
    case "env":
      return need.variable;
    case "net":
      return need.host;
    case "run":
      return need.command?.toString();
    case "sys":
      return need.kind;
    default:
      return undefined;
  }
}

/** The missing permission of each error of this module. */
const missingNeeds = new WeakMap<CliError, Deno.PermissionDescriptor>();

function permissionError(action: string, need: Deno.PermissionDescriptor, cause?: unknown): CliError {
  const error = new CliError("permission", `${action} is not permitted`, {
    hint: permissionHint(need),
    cause,
  });
  missingNeeds.set(error, need);
  return error;
}

/** Deno names the missing permission only in its message: `Requires read access to "/x", run again with …`. */
function translate(
  error: unknown,
  needs: readonly Deno.PermissionDescriptor[],
  action: string,
): unknown {
  if (error instanceof CliError) {
    // The outer need is the one to grant: the inner need may be about a temporary file.
    const outer = needs.find(({ name }) => name === missingNeeds.get(error)?.name);
    return outer === undefined ? error : permissionError(action, outer, error);
  }
  if (!(error instanceof Deno.errors.NotCapable)) return error;
  const missing = /^Requires (\w+) access/.exec(error.message)?.[1];
  const need = needs.find(({ name }) => name === missing) ?? needs[0];
  if (need !== undefined) return permissionError(action, need, error);
  return new CliError("permission", `${action} is not permitted`, { hint: error.message, cause: error });
}
