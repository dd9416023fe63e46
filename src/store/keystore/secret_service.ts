import { CliError } from "../../errors.ts";
import type { Environment } from "../../system/environment.ts";
import type { Processes, RunResult } from "../../system/processes/processes.ts";
import { itemKeyStore } from "./item_key_store.ts";
import { KEY_LABEL, KEY_SERVICE, type KeyStore, UnusableKeyError, WITHOUT_KEY_STORE } from "./key_store.ts";

/** Whether the session has a Secret Service. If not, `reason` says why, without a full stop. */
export type SecretServiceSearch =
  | { readonly kind: "available" }
  | { readonly kind: "absent"; readonly reason: string };

/**
 * Looks for the Secret Service of the session, without unlocking it.
 *
 * @throws {CliError} `store` if it does not respond or cannot be reached, which is not the same as none; `permission`.
 */
export async function findSecretService(processes: Pick<Processes, "run">): Promise<SecretServiceSearch> {
  const result = await openSecretTool(processes)(["search", ...attributesOf("none")]);
  if (result.kind === "failed") throw result.error;
  return result.kind === "success" ? { kind: "available" } : { kind: "absent", reason: result.reason };
}

/**
 * Stores each data key in an item of the Secret Service (GNOME Keyring, KWallet, KeePassXC, …). While the keyring is
 * unlocked, every program of the session can read it. If it is locked, the keyring prompts for its password for up to a
 * minute if there is a display; otherwise the operation fails at once.
 */
export function secretServiceKeyStore(
  processes: Pick<Processes, "run">,
  env: Environment,
  interrupted?: AbortSignal,
): KeyStore {
  const tool = openSecretTool(processes, interrupted);

  async function find(id: string): Promise<Item> {
    // Unlike `lookup`, `search` never prompts and distinguishes a locked item from a missing one.
    const item = parseItem(await run(tool, ["search", ...attributesOf(id)]));
    if (item.kind !== "locked" || !canShowPrompt(env)) return item;
    return parseItem(await run(tool, ["search", "--unlock", ...attributesOf(id)], { mayPrompt: true }));
  }

  async function readText(id: string): Promise<string | null> {
    const item = await find(id);
    if (item.kind === "locked") throw lockedKeyring();
    return item.kind === "missing" ? null : item.secret;
  }

  return itemKeyStore({
    name: "secret-service",
    place: `the Secret Service (item "${KEY_LABEL}")`,
    read: readText,
    async store(id, text) {
      // Fails after 5 seconds if the service is stuck, instead of after the minute for a prompt.
      await run(tool, ["search", ...attributesOf(id)]);
      const store = ["store", `--label=${KEY_LABEL}`, ...attributesOf(id)];
      await run(tool, store, { input: text, mayPrompt: canShowPrompt(env) });
    },
    async delete(id) {
      // `clear` silently ignores locked items.
      if (await readText(id) === null) return;
      await run(tool, ["clear", ...attributesOf(id)]);
    },
    damaged: damagedKey,
    notStored,
  });
}

type Item =
  | { readonly kind: "missing" }
  | { readonly kind: "locked" }
  | { readonly kind: "open"; readonly secret: string };

/** Parses the output of `secret-tool search`: a line in brackets per item, with its secret unless it is locked. */
function parseItem(output: string): Item {
  const secret = /^secret = (.*)$/m.exec(output)?.[1];
  if (secret !== undefined) return { kind: "open", secret };
  return { kind: /^\[.*\]$/m.test(output) ? "locked" : "missing" };
}

function attributesOf(id: string): string[] {
  return ["service", KEY_SERVICE, "key", id];
}

async function run(tool: SecretTool, args: readonly string[], options?: SecretToolOptions): Promise<string> {
  const result = await tool(args, options);
  if (result.kind === "success") return result.output;
  throw result.error;
}

export interface SecretToolOptions {
  /** Passed on standard input. */
  readonly input?: string | undefined;
  /** Whether the keyring may prompt for its password, which takes up to a minute. Default: false. */
  readonly mayPrompt?: boolean;
}

export type SecretToolResult =
  | { readonly kind: "success"; readonly output: string }
  /** There is a Secret Service, but the operation failed. */
  | { readonly kind: "failed"; readonly error: CliError }
  /** There is no Secret Service. `reason` says why, without a full stop. */
  | { readonly kind: "absent"; readonly reason: string; readonly error: CliError };

/** Runs secret-tool, the client of libsecret for the Secret Service. Never rejects. */
export type SecretTool = (args: readonly string[], options?: SecretToolOptions) => Promise<SecretToolResult>;

const PROGRAM = "secret-tool";
const TIMEOUT_MS = 5_000;
/** Long enough to type a password. */
const PROMPT_TIMEOUT_MS = 60_000;

/** Returns a function that runs secret-tool for the Secret Service of this session. */
export function openSecretTool(processes: Pick<Processes, "run">, interrupted?: AbortSignal): SecretTool {
  return async (args, { input, mayPrompt = false } = {}) => {
    const result = await processes.run(PROGRAM, args, {
      input,
      // Only the error message distinguishes one failure from another, and it is translated.
      env: { LC_ALL: "C" },
      timeoutMs: mayPrompt ? PROMPT_TIMEOUT_MS : TIMEOUT_MS,
      // Without a prompt it ends soon, and it may be about to store a refreshed token.
      signal: mayPrompt ? interrupted : undefined,
    });
    return parseResult(result, mayPrompt);
  };
}

/** Reports whether the user can see the window in which a keyring prompts for its password. */
export function canShowPrompt(env: Environment): boolean {
  return env.get("DISPLAY") !== undefined || env.get("WAYLAND_DISPLAY") !== undefined;
}

function parseResult(result: RunResult, mayPrompt: boolean): SecretToolResult {
  switch (result.kind) {
    case "not-found":
      return absent(
        "secret-tool is not installed",
        `Install libsecret-tools (Debian and Ubuntu) or libsecret. ${WITHOUT_KEY_STORE}`,
      );
    case "not-permitted":
      return failed(
        new CliError("permission", `Running ${PROGRAM} is not permitted`, {
          hint: result.hint,
        }),
      );
    case "refused":
      return failed(storeError(`Cannot start ${PROGRAM}`, `Check the output of \`command -v ${PROGRAM}\`.`));
    case "timed-out":
      return failed(mayPrompt ? promptTimeout() : responseTimeout());
    case "ended":
      return result.code === 0
        ? { kind: "success", output: result.stdout }
        : parseErrorText(result.stderr.replace(/^secret-tool: /m, "").trim());
  }
}

/** The messages of GLib, the bus (dbus-daemon or dbus-broker) and libsecret. secret-tool has one exit code for all. */
const NO_BUS = /Cannot autolaunch D-Bus|dbus-launch/;
const NO_SERVICE = /not provided by any \.service files|name is not activatable|name does not have an owner/i;
const LOCKED = /locked (?:collection|object)/;
const NO_KEYRING = /Object does not exist at path/;

function parseErrorText(text: string): SecretToolResult {
  if (NO_BUS.test(text) || NO_SERVICE.test(text)) {
    return absent(
      "this session has no Secret Service",
      `Start one, such as gnome-keyring, in the D-Bus session. ${WITHOUT_KEY_STORE}`,
    );
  }
  if (LOCKED.test(text)) return failed(lockedKeyring());
  if (NO_KEYRING.test(text)) {
    return failed(
      storeError(
        "The Secret Service has no keyring to store the key in",
        `Sign in to the desktop, or create a keyring in its password manager. ${WITHOUT_KEY_STORE}`,
      ),
    );
  }
  // The text is empty if an item does not exist, or if the user dismissed a prompt.
  const [detail = ""] = text.split("\n");
  return failed(
    storeError(
      `Cannot use the Secret Service${detail === "" ? "" : `: ${detail.slice(0, 200)}`}`,
      `Check that \`secret-tool search service x\` works in this session. ${WITHOUT_KEY_STORE}`,
    ),
  );
}

function absent(reason: string, hint: string): SecretToolResult {
  return { kind: "absent", reason, error: storeError(`No key store: ${reason}`, hint) };
}

function failed(error: CliError): SecretToolResult {
  return { kind: "failed", error };
}

function lockedKeyring(): CliError {
  return storeError(
    "The keyring of the Secret Service is locked",
    `Unlock it: sign in to the desktop, or open its password manager. Then try again. ${WITHOUT_KEY_STORE}`,
  );
}

function responseTimeout(): CliError {
  return storeError(
    `The Secret Service did not respond within ${TIMEOUT_MS / 1000} seconds`,
    "If a window prompts for the password of your keyring, enter it and try again. Otherwise sign out of the desktop " +
      `and in again to restart the keyring. ${WITHOUT_KEY_STORE}`,
  );
}

function promptTimeout(): CliError {
  return storeError(
    `The keyring was not unlocked within ${PROMPT_TIMEOUT_MS / 1000} seconds`,
    "Try again, and enter its password in the window.",
  );
}

function damagedKey(id: string): UnusableKeyError {
  return new UnusableKeyError(
    `Invalid key in the item "${KEY_LABEL}" of the Secret Service: expected 32 bytes in base64`,
    "entra-auth-cli clear-cache\nThen sign in again.\n" +
      `To inspect the item: secret-tool search ${attributesOf(id).join(" ")}`,
  );
}

function notStored(): CliError {
  return storeError(
    "The Secret Service accepted the key but did not store it",
    `Check that \`command -v ${PROGRAM}\` prints the program of libsecret. ${WITHOUT_KEY_STORE}`,
  );
}

function storeError(message: string, hint: string): CliError {
  return new CliError("store", message, { hint });
}
