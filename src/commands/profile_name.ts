import type { Environment } from "../system/environment.ts";

/** The profile a command works on: the flag, `$ENTRA_AUTH_CLI_PROFILE`, or `default`. */
export function profileName(flag: string | undefined, env: Environment): string {
  return flag ?? env.get("ENTRA_AUTH_CLI_PROFILE") ?? "default";
}
