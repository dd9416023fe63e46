import type { CommandContext } from "../cli/context.ts";
import { createTerminalUi, type TerminalStyle } from "../cli/terminal/terminal_ui.ts";
import { detectKeyStore } from "../store/keystore/open_key_store.ts";
import {
  checkPrivateFile,
  readCredentialFile,
  readNamedFile,
  readTextFile,
  writePrivateFile,
} from "../system/files/user_files.ts";
import { probeLoopback } from "../system/network/loopback_probe.ts";
import { executablePath, type Os, runtimeText } from "../system/os.ts";
import {
  isPermitted,
  missingInBuild,
  permissionHint,
  permissionName,
  permitted,
} from "../system/permission.ts";
import { foregroundOf } from "../system/processes/foreground_program.ts";
import { findInPath, isInstalled } from "../system/processes/processes.ts";
import type { System } from "../system/system.ts";
import { CRYPT32 } from "../system/windows/data_protection.ts";
import { plainText } from "../text/plain_text.ts";
import { openNetwork } from "./open_network.ts";
import { openStored, type Stored } from "./open_stored.ts";

/**
 * Joins the parts of the program. Each part is made when it is first used, so that help needs neither a home folder nor
 * the permission to look for one, and a cached token loads only what it needs.
 */
export function createContext(system: System, style: TerminalStyle): CommandContext {
  const { env, clock, files, os, processes, dataProtection } = system;
  const terminal = createTerminalUi(system.terminal, { env, os, clock, ...style });
  const notice = (message: string) => terminal.writeMessage(`Notice: ${plainText(message, 2000)}`);
  const stored = openStored(system, notice);
  return {
    terminal,
    async readInput(maxBytes, signal) {
      if (terminal.stdinIsTerminal) terminal.writeMessage(waitingForInput(os));
      return await system.readInput(maxBytes, signal);
    },
    env,
    clock,
    os,
    get home() {
      return stored.home;
    },
    get profiles() {
      return stored.profiles;
    },
    get store() {
      return stored.store;
    },
    get signal() {
      return system.interrupted;
    },
    async loadTokenDependencies(progress) {
      const { tokenDependencies } = await import("./token_dependencies.ts");
      return tokenDependencies({ system, ...partsOf(stored), progress });
    },
    async verifyToken(token, { authority, caCertFile }) {
      const { verifyToken } = await import("../entra/verify_token.ts");
      const network = await openNetwork(system, caCertFile, READ_TIMEOUT_MS);
      return await verifyToken(token, { authority, network, signal: system.interrupted });
    },
    async openDoctorProbes(request) {
      const { openDoctorProbes } = await import("../flows/doctor/doctor_probes.ts");
      return openDoctorProbes(request, {
        ...{ os, env, clock, ...partsOf(stored) },
        runtime: runtimeText(),
        dataProtectionLibrary: CRYPT32,
        queryPermission: async (need) => ({
          name: permissionName(need),
          hint: permissionHint(need),
          isGranted: await isPermitted(need),
        }),
        probeLoopback,
        isInstalled: (command) => isInstalled(command, system),
        findInPath: (name) => findInPath(name, system),
        files,
        async detectKeyStore() {
          const { keyStore } = await detectKeyStore({
            env,
            os,
            folder: stored.folder,
            processes,
            dataProtection,
          });
          return { keyStore: keyStore.name, place: keyStore.place };
        },
        openNetwork: (caCertFile) => openNetwork(system, caCertFile, READ_TIMEOUT_MS),
      });
    },
    missingInBuild,
    async writePrivateFile(path, text) {
      // From now on a signal does not end the process with a temporary file beside this one.
      system.interrupted.throwIfAborted();
      await writePrivateFile(files, path, text, stored.home);
    },
    async checkPrivateFile(path) {
      // It can write a temporary file.
      system.interrupted.throwIfAborted();
      return await checkPrivateFile(files, path, stored.home);
    },
    async readTextFile(path, maxBytes) {
      return await readTextFile(files, path, maxBytes, { signal: system.interrupted });
    },
    async readFile(path, maxBytes) {
      return await readNamedFile(files, path, maxBytes, { signal: system.interrupted });
    },
    async openShimFolder(path) {
      const needs = [{ name: "read", path }, { name: "write", path }] as const;
      return await permitted(needs, `Writing to ${path}`, () => files);
    },
    get executable() {
      return executablePath();
    },
    async openCertificate(path) {
      const signal = system.interrupted;
      const { opensCertificate } = await import("../credentials/certificate/read_certificate.ts");
      const content = await readCredentialFile(files, path, "certificate", "the path", { signal });
      return {
        opensWith: (password) => opensCertificate(content, password, { path, nowMs: clock.now(), signal }),
      };
    },
    openNetwork: (caCertFile) => openNetwork(system, caCertFile, READ_TIMEOUT_MS),
    async listenForTokenRequests(ports, options, progress) {
      const { listenForTokenRequests } = await import("../loopback/token_endpoint.ts");
      const { openConnectionCheck } = await import("./token_dependencies.ts");
      // A process in a container is in none of this machine's tables.
      const isAllowed = options.address === undefined
        ? await openConnectionCheck(system, progress)
        : undefined;
      return listenForTokenRequests(ports, { ...options, isAllowed, os });
    },
    async runInForeground(command, args, variables) {
      return await foregroundOf(system.forwardSignals, system.interrupted)(command, args, variables);
    },
    exitCode: 0,
  };
}

/** Returns the notice that the program waits for input: it would seem to hang. */
function waitingForInput(os: Os): string {
  const end = os === "windows" ? "Ctrl-Z and Enter" : "Ctrl-D";
  return `Waiting for input from the terminal: end it with Enter and then ${end}.`;
}

/** How long `inspect` and `doctor`, which have no `--timeout`, wait for the file of `--ca-cert`. A check of `doctor` has 10 s. */
const READ_TIMEOUT_MS = 5_000;

function partsOf({ folder, store, profiles }: Stored): Pick<Stored, "folder" | "store" | "profiles"> {
  return { folder, store, profiles };
}
