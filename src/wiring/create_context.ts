import type { CommandContext } from "../cli/context.ts";
import { createTerminalUi } from "../cli/terminal/terminal_ui.ts";
import { plainText } from "../text/plain_text.ts";
import { openProfileStore } from "../profiles/profile_store.ts";
import { openTokenStore } from "../store/token_store.ts";
import { homeFolder } from "../system/files/home_directory.ts";
import { openPrivateFolder, type PrivateFolder } from "../system/files/private_folder.ts";
import type { System } from "../system/system.ts";
import { createFlows } from "./create_flows.ts";

/** In the place of a path: stdout, or stdin. */
const STREAM = "-";

/**
 * What the commands are given to work with in the world that `system` is. Each part is made when it is asked for.
 *
 * @param isPlain Whether the user wants words in the place of glyphs, and nothing that moves.
 */
export function createContext(system: System, isPlain: boolean): CommandContext {
  const { env, clock, files, locks, os } = system;
  const terminal = createTerminalUi(system.terminal, { env, os, clock, isPlain });
  const notice = (message: string) => terminal.say(`Notice: ${plainText(message, 2000)}`);
  // Made when a command asks for it, so that help needs neither a home nor the permission to look for one.
  let folder: PrivateFolder | undefined;
  const openFolder = () => folder ??= openPrivateFolder({ path: homeFolder(env, os), files, locks, notice });
  return {
    terminal,
    readInput: system.readInput,
    env,
    clock,
    get interrupted() {
      return system.interrupted;
    },
    os,
    get home() {
      return homeFolder(env, os);
    },
    get profiles() {
      return openProfileStore({ folder: openFolder() });
    },
    get flows() {
      const folder = openFolder();
      const { processes, dataProtection } = system;
      const interrupted = () => system.interrupted;
      const store = openTokenStore({
        env,
        os,
        clock,
        folder,
        processes,
        dataProtection,
        interrupted,
        notice,
      });
      return createFlows(system, folder, store, openProfileStore({ folder }));
    },
    async errorTable() {
      const { loadErrorTable } = await import("./load_error_table.ts");
      return await loadErrorTable();
    },
    async writePrivateFile(path, text) {
      if (path === STREAM) return await terminal.writeData(text);
      // From now on a signal doesn't end the process with a draft beside the file.
      system.interrupted.throwIfAborted();
      const { writePrivateFile } = await import("./write_private_file.ts");
      await writePrivateFile(files, path, text);
    },
    async readTextFile(path, maxBytes) {
      if (path === STREAM) return await system.readInput(maxBytes, system.interrupted);
      const { readTextFile } = await import("./read_text_file.ts");
      return await readTextFile(files, path, maxBytes);
    },
    async runInForeground(command, args, env) {
      const { foregroundOf } = await import("../system/processes/foreground_program.ts");
      return await foregroundOf(system.forwardSignals, system.interrupted)(command, args, env);
    },
    exitCode: 0,
  };
}
