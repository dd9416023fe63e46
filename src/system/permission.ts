import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";

/**
 * Runs `work`, which needs the given Deno permissions.
 *
 * A permission that would be asked for counts as denied, so that Deno never puts its own question on the terminal.
 *
 * @param needs What `work` needs, as Deno's permission API names it.
 * @param action What it does, for the message: "Reading /home/me/file".
 * @throws {CliError} `permission` with the flag to add. What `work` throws otherwise is passed on.
 */
export async function permitted<T>(
  needs: readonly Deno.PermissionDescriptor[],
  action: string,
  work: () => T | Promise<T>,
): Promise<T> {
  for (const need of needs) {
    if (isRefusedAtOnce(need, "read") || isGrantedEverywhere(need.name)) continue;
    const { state } = await Deno.permissions.query(need);
    if (state !== "granted") throw permissionError(action, need);
  }
  try {
    return await work();
  } catch (error) {
    throw translated(error, needs, action);
  }
}

/** The same as {@linkcode permitted} for work that doesn't wait. */
export function permittedSync<T>(
  needs: readonly Deno.PermissionDescriptor[],
  action: string,
  work: () => T,
): T {
  for (const need of needs) {
    if (isRefusedAtOnce(need, "env") || isGrantedEverywhere(need.name)) continue;
    const { state } = Deno.permissions.querySync(need);
    if (state !== "granted") throw permissionError(action, need);
  }
  try {
    return work();
  } catch (error) {
    throw translated(error, needs, action);
  }
}

/**
 * Whether this is a need of that kind in an executable, which is made so that Deno refuses what isn't granted, and never
 * asks: then the work may try. For kinds of which one work needs one alone, so that its refusal can be told.
 */
function isRefusedAtOnce(
  need: Deno.PermissionDescriptor,
  kind: Deno.PermissionDescriptor["name"],
): boolean {
  return Deno.build.standalone && need.name === kind;
}

const grantedEverywhere = new Map<Deno.PermissionDescriptor["name"], boolean>();

/** Whether Deno grants a whole kind of permission. Asked once: a cached token reads a dozen things. */
function isGrantedEverywhere(name: Deno.PermissionDescriptor["name"]): boolean {
  const known = grantedEverywhere.get(name);
  if (known !== undefined) return known;
  const { state, partial } = Deno.permissions.querySync({ name });
  const isGranted = state === "granted" && !partial;
  grantedEverywhere.set(name, isGranted);
  return isGranted;
}

/** A permission, as Deno's permission API names it. */
export type PermissionNeed = Deno.PermissionDescriptor;

/** Whether Deno grants `need` without asking. */
export async function isPermitted(need: PermissionNeed): Promise<boolean> {
  return (await Deno.permissions.query(need)).state === "granted";
}

/** The flag of Deno that grants `need`, such as `--allow-read=/home/me/file`. */
export function permissionFlag(need: Deno.PermissionDescriptor): string {
  const target = permissionTarget(need);
  const flag = `--allow-${need.name}${target === undefined ? "" : `=${target}`}`;
  return /[\s$"'`\\]/.test(flag) ? shellWord(flag) : flag;
}

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

/** Who started an executable has no place for a flag of Deno's. */
const WHERE_FLAGS_GO = Deno.build.standalone
  ? "\nAn executable has its permissions inside: see Permissions in the README."
  : "";

/** What each error of this module is about. */
const lacking = new WeakMap<CliError, Deno.PermissionDescriptor>();

function permissionError(action: string, need: Deno.PermissionDescriptor, cause?: unknown): CliError {
  const error = new CliError("permission", `${action} is not permitted`, {
    hint: `Add the Deno flag ${permissionFlag(need)}${WHERE_FLAGS_GO}`,
    cause,
  });
  lacking.set(error, need);
  return error;
}

/** Deno names the missing permission only in its message: `Requires read access to "/x", run again with …`. */
function translated(
  error: unknown,
  needs: readonly Deno.PermissionDescriptor[],
  action: string,
): unknown {
  if (error instanceof CliError) {
    // Of two needs of one kind, the outer one says what is to be granted: the inner one may be about a draft.
    const outer = needs.find(({ name }) => name === lacking.get(error)?.name);
    return outer === undefined ? error : permissionError(action, outer, error);
  }
  if (!(error instanceof Deno.errors.NotCapable)) return error;
  const missing = /^Requires (\w+) access/.exec(error.message)?.[1];
  const need = needs.find(({ name }) => name === missing) ?? needs[0];
  if (need !== undefined) return permissionError(action, need, error);
  return new CliError("permission", `${action} is not permitted`, { hint: error.message, cause: error });
}
