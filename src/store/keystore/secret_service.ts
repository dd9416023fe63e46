import { CliError } from "../../errors.ts";
import type { Environment } from "../../system/environment.ts";
import type { Processes, RunResult } from "../../system/processes/processes.ts";
import { KEY_LABEL, KEY_SERVICE, type KeyStore, UnusableKeyError, WITHOUT_KEY_STORE } from "./key_store.ts";
import { keyInItem } from "./item_key_store.ts";

/** Whether this session has a Secret Service; if not, why, as a sentence without its full stop. */
export type SecretServiceSearch = { readonly kind: "available" } | {
  readonly kind: "absent";
  readonly reason: string;
};

/**
 * Looks whether this session has a Secret Service. A locked one is one; nobody is asked to unlock it.
 *
 * @throws {CliError} `store` for one that doesn't answer or can't be reached, which is not the same as none;
 *   `permission`.
 */
export async function findSecretService(processes: Pick<Processes, "run">): Promise<SecretServiceSearch> {
  const answer = await openSecretTool(processes)(["search", ...attributesOf("none")]);
  if (answer.kind === "failed") throw answer.error;
  return answer.kind === "done" ? { kind: "available" } : { kind: "absent", reason: answer.reason };
}

/**
 * Keeps data keys in the Secret Service (GNOME Keyring, KWallet, KeePassXC, …), each in an item of its own. As long as
 * the keyring is unlocked, every program in the session can read them. Where it is locked and there is a screen, the
 * keyring asks for its password, and a minute is left for that; otherwise it is an error at once.
 */
export function secretServiceKeyStore(
  processes: Pick<Processes, "run">,
  env: Environment,
  interrupted?: AbortSignal,
): KeyStore {
  const tool = openSecretTool(processes, interrupted);

  async function find(id: string): Promise<Item> {
    // Unlike `lookup`, `search` asks nobody and tells a locked item from none.
    const item = parseItem(await run(tool, ["search", ...attributesOf(id)]));
    if (item.kind !== "locked" || !canShowPrompt(env)) return item;
    return parseItem(await run(tool, ["search", "--unlock", ...attributesOf(id)], { mayAsk: true }));
  }

  async function readText(id: string): Promise<string | null> {
    const item = await find(id);
    if (item.kind === "locked") throw lockedKeyring();
    return item.kind === "none" ? null : item.secret;
  }

  return keyInItem({
    name: "secret-service",
    place: `the Secret Service (item "${KEY_LABEL}")`,
    read: readText,
    async store(id, text) {
      // A service that is stuck must not cost the minute that a person gets.
      await run(tool, ["search", ...attributesOf(id)]);
      const store = ["store", `--label=${KEY_LABEL}`, ...attributesOf(id)];
      await run(tool, store, { input: text, mayAsk: canShowPrompt(env) });
    },
    async drop(id) {
      // `clear` passes over what is locked, and says nothing.
      if (await readText(id) === null) return;
      await run(tool, ["clear", ...attributesOf(id)]);
    },
    damaged: damagedKey,
    notKept,
  });
}

/** What is kept for a key id. */
type Item =
  | { readonly kind: "none" }
  | { readonly kind: "locked" }
  | { readonly kind: "open"; readonly secret: string };

/** Reads what `secret-tool search` prints: a line in brackets for an item, with its secret unless it is locked. */
function parseItem(output: string): Item {
  const secret = /^secret = (.*)$/m.exec(output)?.[1];
  if (secret !== undefined) return { kind: "open", secret };
  return { kind: /^\[.*\]$/m.test(output) ? "locked" : "none" };
}

function attributesOf(id: string): string[] {
  return ["service", KEY_SERVICE, "key", id];
}

async function run(tool: SecretTool, args: readonly string[], options?: SecretToolOptions): Promise<string> {
  const answer = await tool(args, options);
  if (answer.kind === "done") return answer.output;
  throw answer.error;
}

function damagedKey(id: string): UnusableKeyError {
  return new UnusableKeyError(
    `The item "${KEY_LABEL}" in the Secret Service holds no key: 32 bytes in base64 are expected`,
    `Look at it: secret-tool search ${attributesOf(id).join(" ")}\n` +
      "To start anew: `entra-auth-cli clear-cache`, then sign in again.",
  );
}

function notKept(): CliError {
  return new CliError("store", "The Secret Service took the key, but does not have it", {
    hint: `Check that \`command -v secret-tool\` names the program of libsecret. ${WITHOUT_KEY_STORE}`,
  });
}

/** What secret-tool is run with. */
export interface SecretToolOptions {
  /** Text for its standard input. */
  readonly input?: string;
  /** Whether it may ask the person in front of the screen to unlock the keyring, and wait for that. Default: false. */
  readonly mayAsk?: boolean;
}

/** What a run of secret-tool came to. */
export type SecretToolAnswer =
  /** It did what it was to do, and printed this. */
  | { readonly kind: "done"; readonly output: string }
  /** The way to the Secret Service is there, and ends in this. */
  | { readonly kind: "failed"; readonly error: CliError }
  /** There is no Secret Service here. The reason is a sentence without its full stop. */
  | { readonly kind: "absent"; readonly reason: string; readonly error: CliError };

/** Runs secret-tool, the program of libsecret that speaks with the Secret Service, with these arguments. Never rejects. */
export type SecretTool = (args: readonly string[], options?: SecretToolOptions) => Promise<SecretToolAnswer>;

const PROGRAM = "secret-tool";

/** Longest wait for what asks nobody. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Longest wait for a person who types a password. */
const PERSON_TIMEOUT_MS = 60_000;

/** Opens the way to the Secret Service of this session. Nothing runs yet. */
export function openSecretTool(processes: Pick<Processes, "run">, interrupted?: AbortSignal): SecretTool {
  return async (args, { input, mayAsk = false } = {}) => {
    const result = await processes.run(PROGRAM, args, {
      ...(input === undefined ? {} : { input }),
      // It says in the user's language what went wrong, and nothing else tells one failure from another.
      env: { LC_ALL: "C" },
      timeoutMs: mayAsk ? PERSON_TIMEOUT_MS : ANSWER_TIMEOUT_MS,
      // What asks nobody is over soon, and it may be a refreshed token that is about to be saved.
      signal: mayAsk ? interrupted : undefined,
    });
    return validate(result, mayAsk);
  };
}

/** Whether somebody can see the window in which a keyring asks for its password. */
export function canShowPrompt(env: Environment): boolean {
  return env.get("DISPLAY") !== undefined || env.get("WAYLAND_DISPLAY") !== undefined;
}

/** The keyring is locked, and nobody can be asked or nobody answered. */
export function lockedKeyring(): CliError {
  return new CliError("store", "The keyring of the Secret Service is locked", {
    hint:
      `Unlock it: sign in to the desktop, or open its password manager. Then try again. ${WITHOUT_KEY_STORE}`,
  });
}

function validate(result: RunResult, mayAsk: boolean): SecretToolAnswer {
  switch (result.kind) {
    case "not-found":
      return absent(
        "secret-tool is not installed",
        `Install it: Debian and Ubuntu have it in libsecret-tools, others in libsecret. ${WITHOUT_KEY_STORE}`,
      );
    case "not-permitted":
      return failed(
        new CliError("permission", `Running ${PROGRAM} is not permitted`, {
          hint: `Add the Deno flag ${result.flag}`,
        }),
      );
    case "refused":
      return failed(storeError(`${PROGRAM} can't be started`, "Check what `command -v secret-tool` names."));
    case "timed-out":
      return failed(mayAsk ? nobodyAnswered() : noAnswer());
    case "ended":
      return result.code === 0
        ? { kind: "done", output: result.stdout }
        : validateComplaint(result.stderr.replace(/^secret-tool: /m, "").trim());
  }
}

/** What GLib, the bus (dbus-daemon or dbus-broker) and libsecret say, with what it means. */
const NO_BUS = /Cannot autolaunch D-Bus|dbus-launch/;
const NO_SERVICE = /not provided by any \.service files|name is not activatable|name does not have an owner/i;
const LOCKED = /locked (?:collection|object)/;
const NO_KEYRING = /Object does not exist at path/;

function validateComplaint(complaint: string): SecretToolAnswer {
  if (NO_BUS.test(complaint) || NO_SERVICE.test(complaint)) {
    return absent(
      "this session has no Secret Service",
      `Start one, such as gnome-keyring, in the session that D-Bus serves. ${WITHOUT_KEY_STORE}`,
    );
  }
  if (LOCKED.test(complaint)) return failed(lockedKeyring());
  if (NO_KEYRING.test(complaint)) {
    return failed(
      storeError(
        "The Secret Service has no keyring that could hold the key",
        `Sign in to the desktop, or make a keyring in its password manager. ${WITHOUT_KEY_STORE}`,
      ),
    );
  }
  // Without a word: what was asked for isn't there, or a question was answered with no.
  const [detail = ""] = complaint.split("\n");
  return failed(
    storeError(
      `The Secret Service can't be used${detail === "" ? "" : `: ${detail.slice(0, 200)}`}`,
      `Check that \`secret-tool search service x\` works in this session. ${WITHOUT_KEY_STORE}`,
    ),
  );
}

function absent(reason: string, hint: string): SecretToolAnswer {
  return { kind: "absent", reason, error: storeError(`There is no key store: ${reason}`, hint) };
}

function failed(error: CliError): SecretToolAnswer {
  return { kind: "failed", error };
}

function noAnswer(): CliError {
  return storeError(
    `The Secret Service did not answer within ${ANSWER_TIMEOUT_MS / 1000} seconds`,
    "If a window asks for the password of your keyring, answer it and try again. Otherwise sign out of the desktop and " +
      `in again, which restarts the keyring. ${WITHOUT_KEY_STORE}`,
  );
}

function nobodyAnswered(): CliError {
  return storeError(
    `The keyring was not unlocked within ${PERSON_TIMEOUT_MS / 1000} seconds`,
    "Try again, and type its password into the window that asks for it.",
  );
}

function storeError(message: string, hint: string): CliError {
  return new CliError("store", message, { hint });
}
