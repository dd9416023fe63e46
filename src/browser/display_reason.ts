import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";

/** What `hasDisplay()` goes by, as a clause for people: "DISPLAY is set", "CI is set", "macOS has one". */
export function displayReason(os: Os, env: Environment): string {
  const set = (...names: string[]) => names.find((name) => env.get(name) !== undefined);
  const screen = os === "linux" ? set("DISPLAY", "WAYLAND_DISPLAY") : undefined;
  if (screen !== undefined) return `${screen} is set`;
  const elsewhere = set("SSH_CONNECTION", "SSH_TTY", "CI");
  const noScreen = os === "linux"
    ? "neither DISPLAY nor WAYLAND_DISPLAY is set"
    : "the screen may be someone else's";
  if (elsewhere !== undefined) return `${elsewhere} is set, and ${noScreen}`;
  if (os !== "linux") return os === "darwin" ? "macOS has one" : "Windows has one";
  return set("WSL_DISTRO_NAME", "WSL_INTEROP") === undefined ? noScreen : "Windows has one, around this WSL";
}
