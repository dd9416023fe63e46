import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";

/** Linux has a display if one of these is set. Over SSH that is a forwarded one. */
const DISPLAY_VARIABLES = ["DISPLAY", "WAYLAND_DISPLAY"];

/**
 * If one of these is set, the user does not sit at this machine's display: SSH, a CI job (Azure Pipelines sets only
 * `TF_BUILD`), or the terminal of a remote VS Code, which also sets `BROWSER` if it can open one. Containers and
 * Codespaces need no entry: they are Linux without a display.
 */
const REMOTE_VARIABLES = ["SSH_CONNECTION", "SSH_TTY", "CI", "TF_BUILD", "VSCODE_IPC_HOOK_CLI"];

/** Linux inside Windows (WSL) sets these in every session. */
const WSL_VARIABLES = ["WSL_DISTRO_NAME", "WSL_INTEROP"];

/**
 * Reports whether a browser opened here would show on a display in front of the user, as far as the environment tells.
 *
 * Linux has a display if `DISPLAY` or `WAYLAND_DISPLAY` is set, or under WSL, whose browser is that of Windows. macOS and
 * Windows always have one. A remote session has none, except for a forwarded display on Linux. `BROWSER` is not
 * considered: see {@linkcode mayOpenBrowser}.
 */
export function hasDisplay(os: Os, env: Environment): boolean {
  if (os === "linux" && firstSet(env, DISPLAY_VARIABLES) !== undefined) return true;
  if (firstSet(env, REMOTE_VARIABLES) !== undefined) return false;
  return os !== "linux" || isWsl(env);
}

/** Reports whether to try a browser: there is a display, or the user set `BROWSER`. */
export function mayOpenBrowser(os: Os, env: Environment): boolean {
  return env.get("BROWSER") !== undefined || hasDisplay(os, env);
}

/** Reports whether this is Linux inside Windows (WSL). */
export function isWsl(env: Environment): boolean {
  return firstSet(env, WSL_VARIABLES) !== undefined;
}

/** Explains the result of {@linkcode hasDisplay} as a clause: `DISPLAY is set`, `macOS has one`. */
export function displayReason(os: Os, env: Environment): string {
  const display = os === "linux" ? firstSet(env, DISPLAY_VARIABLES) : undefined;
  if (display !== undefined) return `${display} is set`;
  const remote = firstSet(env, REMOTE_VARIABLES);
  const noDisplay = os === "linux"
    ? "neither DISPLAY nor WAYLAND_DISPLAY is set"
    : "the display may be someone else's";
  if (remote !== undefined) return `${remote} is set, and ${noDisplay}`;
  if (os !== "linux") return os === "darwin" ? "macOS has one" : "Windows has one";
  return isWsl(env) ? "the Windows that hosts this WSL has one" : noDisplay;
}

function firstSet(env: Environment, names: readonly string[]): string | undefined {
  return names.find((name) => env.get(name) !== undefined);
}

/** Characters of names and addresses. Any others would have to be quoted, and are not from SSH. */
const USER = /^[\w][\w.-]*\$?$/;
const HOST = /^[\w][\w.:%-]*$/;
const PORT = /^\d{1,5}$/;

/** Placeholders for what the environment does not tell. */
const USER_PLACEHOLDER = "USER";
const HOST_PLACEHOLDER = "HOST";

/** Reports whether this program runs in an SSH session. */
export function isOverSsh(env: Environment): boolean {
  return env.get("SSH_CONNECTION") !== undefined || env.get("SSH_TTY") !== undefined;
}

/**
 * Returns the command that, run on the user's own computer, forwards `port` of this machine to it.
 *
 * `SSH_CONNECTION` has the address and port of this machine as the SSH server sees them. Behind NAT that is not the
 * address that the user connects to. If the variable is not set, the command has the placeholder `HOST`.
 */
export function forwardCommand(env: Environment, port: number): string {
  const [, , host = "", sshPort = ""] = env.get("SSH_CONNECTION")?.split(" ") ?? [];
  const user = env.get("USER") ?? "";
  const at = `${USER.test(user) ? user : USER_PLACEHOLDER}@${HOST.test(host) ? host : HOST_PLACEHOLDER}`;
  const usesOtherPort = PORT.test(sshPort) && sshPort !== "22";
  return `ssh ${usesOtherPort ? `-p ${sshPort} ` : ""}-L ${port}:localhost:${port} ${at}`;
}
