import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";
import { ELSEWHERE_VARIABLES, SCREEN_VARIABLES, WSL_VARIABLES } from "./display.ts";

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
