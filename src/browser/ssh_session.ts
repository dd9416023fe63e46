import type { Environment } from "../system/environment.ts";

/** What a name or an address is made of. Anything else would have to be quoted, and comes from nowhere good. */
const USER = /^[\w][\w.-]*\$?$/;
const HOST = /^[\w][\w.:%-]*$/;
const PORT = /^\d{1,5}$/;

/** In place of what the environment doesn't tell. */
const SOME_USER = "USER";
const SOME_HOST = "HOST";

/** Whether this program was started in a session of SSH. */
export function isOverSsh(env: Environment): boolean {
  return env.get("SSH_CONNECTION") !== undefined || env.get("SSH_TTY") !== undefined;
}

/**
 * The command that, run on the computer which the user came from, lets its browser reach `port` of this machine.
 *
 * `SSH_CONNECTION` has the address and port of this machine as the client used them. Behind an address translation that
 * is not the address the user knows; where it isn't there at all, `HOST` stands for it.
 */
export function forwardCommand(env: Environment, port: number): string {
  const [, , host = "", sshPort = ""] = env.get("SSH_CONNECTION")?.split(" ") ?? [];
  const user = env.get("USER") ?? "";
  const at = `${USER.test(user) ? user : SOME_USER}@${HOST.test(host) ? host : SOME_HOST}`;
  const usesOtherPort = PORT.test(sshPort) && sshPort !== "22";
  return `ssh ${usesOtherPort ? `-p ${sshPort} ` : ""}-L ${port}:localhost:${port} ${at}`;
}
