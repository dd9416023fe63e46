import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";

/**
 * Whether a browser opened here would show on a screen in front of the user, as far as the environment tells.
 *
 * Linux: `DISPLAY` or `WAYLAND_DISPLAY` is set (over SSH, that is a forwarded display), or it is WSL, whose browser is
 * that of Windows. macOS and Windows: always, except over SSH or in CI, where the screen is someone else's or no one's.
 * A user who set `BROWSER` knows better: ask for that first.
 */
export function hasDisplay(os: Os, env: Environment): boolean {
  if (os === "linux" && hasVariable(env, "DISPLAY", "WAYLAND_DISPLAY")) return true;
  if (hasVariable(env, "SSH_CONNECTION", "SSH_TTY", "CI")) return false;
  return os !== "linux" || isWsl(env);
}

/** Whether this is Linux inside Windows (WSL), which sets these variables in every session. */
export function isWsl(env: Environment): boolean {
  return hasVariable(env, "WSL_DISTRO_NAME", "WSL_INTEROP");
}

function hasVariable(env: Environment, ...names: string[]): boolean {
  return names.some((name) => env.get(name) !== undefined);
}
