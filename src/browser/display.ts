import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";

/** Linux has a screen where one of these is set: over SSH that is a forwarded one. */
export const SCREEN_VARIABLES = ["DISPLAY", "WAYLAND_DISPLAY"];

/**
 * Where one of these is set, the screen of this machine is somebody else's or nobody's: SSH, a CI job (Azure Pipelines
 * sets `TF_BUILD` alone), and the terminal of a remote VS Code, which sets `BROWSER` too where it can open one. Containers
 * and Codespaces are Linux without a display.
 */
export const ELSEWHERE_VARIABLES = [
  "SSH_CONNECTION",
  "SSH_TTY",
  "CI",
  "TF_BUILD",
  "VSCODE_IPC_HOOK_CLI",
];

/** Linux inside Windows (WSL) sets these in every session. */
export const WSL_VARIABLES = ["WSL_DISTRO_NAME", "WSL_INTEROP"];

/**
 * Whether a browser opened here would show on a screen in front of the user, as far as the environment tells.
 *
 * Linux: `DISPLAY` or `WAYLAND_DISPLAY` is set (over SSH, that is a forwarded display), or it is WSL, whose browser is
 * that of Windows. macOS and Windows: always. But not where the environment says that the user is elsewhere. A user who
 * set `BROWSER` knows better: ask {@linkcode mayOpenBrowser}.
 */
export function hasDisplay(os: Os, env: Environment): boolean {
  if (os === "linux" && hasVariable(env, SCREEN_VARIABLES)) return true;
  if (hasVariable(env, ELSEWHERE_VARIABLES)) return false;
  return os !== "linux" || isWsl(env);
}

/** Whether a browser is worth opening: there is a display, or the user named a browser in `BROWSER`. */
export function mayOpenBrowser(os: Os, env: Environment): boolean {
  return env.get("BROWSER") !== undefined || hasDisplay(os, env);
}

/** Whether this is Linux inside Windows (WSL). */
export function isWsl(env: Environment): boolean {
  return hasVariable(env, WSL_VARIABLES);
}

function hasVariable(env: Environment, names: readonly string[]): boolean {
  return names.some((name) => env.get(name) !== undefined);
}

/** What `hasDisplay()` goes by, as a clause for people: "DISPLAY is set", "CI is set", "macOS has one". */
export function displayReason(os: Os, env: Environment): string {
  const set = (names: readonly string[]) => names.find((name) => env.get(name) !== undefined);
  const screen = os === "linux" ? set(SCREEN_VARIABLES) : undefined;
  if (screen !== undefined) return `${screen} is set`;
  const elsewhere = set(ELSEWHERE_VARIABLES);
  const noScreen = os === "linux"
    ? "neither DISPLAY nor WAYLAND_DISPLAY is set"
    : "the screen may be someone else's";
  if (elsewhere !== undefined) return `${elsewhere} is set, and ${noScreen}`;
  if (os !== "linux") return os === "darwin" ? "macOS has one" : "Windows has one";
  return set(WSL_VARIABLES) === undefined ? noScreen : "Windows has one, around this WSL";
}
