import type { Environment } from "../system/environment.ts";

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
