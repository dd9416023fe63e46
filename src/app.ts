import type { CommandContext } from "./commands/context.ts";
import { runProgram } from "./commands/program.ts";
import { reportError } from "./commands/report_error.ts";
import type { TokenClient } from "./entra/token_client.ts";
import type { Flows } from "./flows/flows.ts";
import { getToken } from "./flows/get_token.ts";
import type { SessionKey } from "./store/session.ts";
import type { TokenStore } from "./store/token_store.ts";
import { plainText } from "./plain_text.ts";
import { openProfileBook } from "./profiles/profile_book.ts";
import { openTokenStore } from "./store/encrypted_token_store.ts";
import { FileError } from "./system/file_error.ts";
import type { Files } from "./system/files.ts";
import { replaceFile } from "./system/replace_file.ts";
import { homeFolder } from "./system/folder.ts";
import { permitted } from "./system/permission.ts";
import { openPrivateFolder, type PrivateFolder } from "./system/private_folder.ts";
import type { System } from "./system/system.ts";

/**
 * Runs the program: `args` as typed after its name, in the world that `system` is.
 *
 * @returns The exit code.
 */
export async function runApp(args: readonly string[], system: System): Promise<number> {
  const { terminal } = system;
  try {
    await runProgram(args, createContext(system));
    return 0;
  } catch (error) {
    return reportError(error, terminal, { asJson: wantsJson(args), verbose: args.includes("--verbose") });
  }
}

/** Whether an error is to be printed as JSON. Asked of the bare arguments: they may be what is wrong. */
function wantsJson(args: readonly string[]): boolean {
  return args.some((arg, index) =>
    arg === "--output=json" || arg === "-o=json" || arg === "-ojson" ||
    (arg === "json" && ["--output", "-o"].includes(args[index - 1] ?? ""))
  );
}

function createContext(system: System): CommandContext {
  const { terminal, env, clock, files, locks, os, interrupted } = system;
  const notice = (message: string) => terminal.say(`Notice: ${plainText(message, 2000)}`);
  // Made when a command asks for it, so that help needs neither a home nor the permission to look for one.
  let folder: PrivateFolder | undefined;
  const openFolder = () => folder ??= openPrivateFolder({ path: homeFolder(env, os), files, locks, notice });
  return {
    terminal,
    env,
    clock,
    interrupted,
    get profiles() {
      return openProfileBook({ folder: openFolder() });
    },
    get flows() {
      return createFlows(system, openFolder(), openTokenStore({ ...system, folder: openFolder(), notice }));
    },
    writePrivateFile: (path, text) => writePrivateFile(files, path, text),
  };
}

/** The draft beside the file is where writing fails, but the user knows the file alone. */
async function writePrivateFile(files: Files, path: string, text: string): Promise<void> {
  const { resolve } = await import("@std/path/resolve");
  try {
    await replaceFile(files, resolve(path), new TextEncoder().encode(text));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    // The hints for other reasons speak of the program's own folder.
    const isAboutAnyFile = ["denied", "full", "not_private"].includes(error.reason);
    const hint = isAboutAnyFile ? error.hint : undefined;
    throw new FileError(error.reason, `write ${path}`, path, error.cause)
      .withHint(hint ?? `Check that ${path} can be a file, and that its folder exists and can be written.`);
  }
}

function createFlows(system: System, folder: PrivateFolder, store: TokenStore): Flows {
  const { clock, interrupted } = system;
  return {
    getToken: (request, progress) =>
      getToken(request, {
        clock,
        store,
        progress,
        async takeSignInTurn(onWait, signal) {
          const { takeSignInTurn } = await import("./store/sign_in_turn.ts");
          const { timeoutMs } = request.manner;
          return await takeSignInTurn(
            request.key,
            { folder, clock, pid: system.pid, timeoutMs, onWait },
            signal,
          );
        },
        loadTokenClient: () => loadTokenClient(system, request.key, request.caCertFile),
        async signIn(tokens, options, signal) {
          // Neither the callback server nor the browser is needed where a token is in the cache.
          const { signInInteractively } = await import("./flows/interactive_sign_in.ts");
          const { listenForCallback } = await import("./loopback/callback_server.ts");
          const { openBrowser } = await import("./browser/open_browser.ts");
          const { ports, showUrl, timeoutMs } = request.manner;
          return await signInInteractively({ ...options, showUrl, timeoutMs }, {
            clock,
            tokens,
            progress,
            listen: (expected) => listenForCallback(ports, expected, system.os),
            openBrowser: (url, openSignal) => openBrowser(url, system, openSignal),
          }, signal);
        },
      }, interrupted),
    async inspectTokens(profile) {
      const { inspectTokens } = await import("./flows/inspect_tokens.ts");
      const { decodeClaims } = await import("./entra/decode_claims.ts");
      return await inspectTokens(profile, { clock, store, decodeClaims });
    },
    async storeStatus() {
      const { storeStatus } = await import("./flows/store_status.ts");
      return await storeStatus({ clock, store });
    },
    async forgetTokens(profile, options) {
      const { forgetTokens } = await import("./flows/forget_tokens.ts");
      return await forgetTokens(profile, store, { ...options, signal: interrupted });
    },
  };
}

/** What MSAL reads while it loads, on every system: it works out where a managed identity would have its files. */
const MSAL_NEEDS = [
  { name: "env", variable: "ProgramData" },
  { name: "env", variable: "ProgramFiles" },
] as const;

/** Loads MSAL, which takes longer than everything a cached token needs. */
async function loadTokenClient(
  system: System,
  key: SessionKey,
  caCertFile: string | undefined,
): Promise<TokenClient> {
  const { createTokenClient } = await permitted(
    MSAL_NEEDS,
    "Loading MSAL",
    () => import("./entra/msal_token_client.ts"),
  );
  const { readRoots } = await import("./system/root_certificates.ts");
  const roots = caCertFile === undefined ? [] : await readRoots(caCertFile, system.files);
  const { clock, interrupted: signal } = system;
  return createTokenClient({ ...key, network: system.network(roots), clock, signal });
}
