import type { Environment } from "../../system/environment.ts";
import type { PrivateFolder } from "../../system/private_folder.ts";
import { environmentKeyGuardian, KEY_VARIABLE } from "./environment_key.ts";
import { keyFileGuardian } from "./key_file.ts";
import type { KeyGuardian } from "./key_guardian.ts";

/** The guardian of the data key on this machine: `$ENTRA_AUTH_CLI_KEY` when it is set, else the key file. */
export function chooseGuardian(env: Environment, folder: PrivateFolder): KeyGuardian {
  const text = env.get(KEY_VARIABLE);
  return text === undefined ? keyFileGuardian(folder) : environmentKeyGuardian(text);
}
