import { CliError } from "../../errors.ts";
import type { Processes, RunResult } from "../../system/processes/processes.ts";
import { itemKeyStore } from "./item_key_store.ts";
import { KEY_LABEL, KEY_SERVICE, type KeyStore, UnusableKeyError, WITHOUT_KEY_STORE } from "./key_store.ts";

/** The program of macOS that accesses the Keychain. An absolute path: a program of that name in PATH must not get the key. */
const PROGRAM = "/usr/bin/security";

/** Long enough to type a password: every command can make macOS prompt for that of the keychain. */
const TIMEOUT_MS = 60_000;

export interface KeychainOptions {
  /** The path of `security`. Default: that of macOS. */
  readonly program?: string | undefined;
  /** Aborted when the user interrupts the program. */
  readonly interrupted?: AbortSignal | undefined;
}

/**
 * Stores each data key in an item of the user's default macOS Keychain.
 *
 * An item trusts the program that created it, which is `security`: an unlocked keychain returns the key without a prompt,
 * also after an update of this program, and also to any other program of the same user that runs `security`. Trusting
 * this program alone (`-T`) would require a stable code signature. The Keychain protects from whoever gets the files
 * without its password: from a backup, from a disk, or while it is locked.
 */
export function keychainKeyStore(
  processes: Pick<Processes, "run">,
  { program = PROGRAM, interrupted }: KeychainOptions = {},
): KeyStore {
  async function security(args: readonly string[], input?: string): Promise<Ended> {
    const result = await processes.run(program, args, {
      input,
      timeoutMs: TIMEOUT_MS,
      signal: interrupted,
    });
    if (result.kind === "ended") return result;
    throw runError(result, program);
  }

  async function readText(id: string): Promise<string | null> {
    const result = await security(["find-generic-password", ...itemWith(id), "-w"]);
    if (result.code === NOT_FOUND) return null;
    if (result.code !== 0) throw refusalError(result);
    return result.stdout.trim();
  }

  return itemKeyStore({
    name: "keychain",
    place: `the macOS Keychain (item "${KEY_LABEL}")`,
    read: readText,
    async store(id, text) {
      // Passed on standard input: all users can read command lines. Neither hex nor base64 needs quotes.
      const command = `add-generic-password ${itemWith(id).join(" ")} -l "${KEY_LABEL}" -w ${text}\n`;
      const result = await security(["-i"], command);
      const code = codeOfCommand(result);
      if (code !== 0) throw refusalError({ ...result, code });
    },
    async delete(id) {
      const result = await security(["delete-generic-password", ...itemWith(id)]);
      if (result.code !== 0 && result.code !== NOT_FOUND) throw refusalError(result);
    },
    damaged: damagedKey,
    notStored,
  });
}

type Ended = Extract<RunResult, { kind: "ended" }>;

function itemWith(id: string): string[] {
  return ["-s", KEY_SERVICE, "-a", id];
}

/** The exit code is the last byte of macOS's error number, here -25300, errSecItemNotFound. */
const NOT_FOUND = 44;

const UNLOCK = "security unlock-keychain ~/Library/Keychains/login.keychain-db";

/** The messages and hints by exit code. */
const REFUSALS: Readonly<Record<number, readonly [message: string, hint: string]>> = {
  // -25308, errSecInteractionNotAllowed
  36: [
    "The macOS Keychain is locked and cannot prompt for its password (over SSH, or before the login to macOS)",
    `${UNLOCK} unlocks it. Then try again.`,
  ],
  // -25307, errSecNoDefaultKeychain
  37: ["macOS has no default keychain", "Create one in Keychain Access, or log in to macOS once."],
  // -25299, errSecDuplicateItem
  45: ["The macOS Keychain already has a key with this id", "Try again: the next key gets another id."],
  // -25293, errSecAuthFailed
  51: [
    "The macOS Keychain was not unlocked: wrong password",
    `${UNLOCK} unlocks it. Then try again.`,
  ],
  // -128, userCanceledErr
  128: ["Access to the macOS Keychain was denied", "Try again, and allow `security` to use the keychain."],
};

function refusalError(result: Ended): CliError {
  const [message, hint] = REFUSALS[result.code] ??
    [
      `Cannot use the macOS Keychain: ${errorText(result)}`,
      "Check the keychain in Keychain Access.",
    ];
  return new CliError("store", message, { hint: `${hint}\n${WITHOUT_KEY_STORE}` });
}

/** Returns the exit code of a command read by `security -i`, which can succeed although the command failed. */
function codeOfCommand({ code, stderr }: Ended): number {
  return code !== 0 ? code : Number(/returned (-?\d+)/.exec(stderr)?.[1] ?? 0) & 0xff;
}

function notStored(): CliError {
  return new CliError("store", "The macOS Keychain accepted the key but did not store it", {
    hint: `Check the keychain in Keychain Access.\n${WITHOUT_KEY_STORE}`,
  });
}

/** Returns the first line that `security` printed. It names items and never contains a secret. */
function errorText({ code, stderr }: Ended): string {
  const [line = ""] = stderr.replace(/^security: /, "").trim().split("\n");
  return line === "" ? `exit code ${code}` : line.slice(0, 200);
}

function runError(result: Exclude<RunResult, Ended>, program: string): CliError {
  switch (result.kind) {
    case "timed-out":
      return new CliError(
        "store",
        `The macOS Keychain was not unlocked within ${TIMEOUT_MS / 1000} seconds`,
        {
          hint: "Try again, and enter the password of the keychain in the window.",
        },
      );
    case "not-permitted":
      return new CliError("permission", `Running ${program} is not permitted`, {
        hint: result.hint,
      });
    case "not-found":
    case "refused":
      return new CliError("store", `Cannot start ${program}, which accesses the macOS Keychain`, {
        hint: WITHOUT_KEY_STORE,
      });
  }
}

function damagedKey(id: string): UnusableKeyError {
  return new UnusableKeyError(
    `Invalid key in the item "${KEY_LABEL}" of the macOS Keychain: expected 32 bytes in base64`,
    "entra-auth-cli clear-cache\nThen sign in again.\n" +
      `To inspect the item: security find-generic-password ${itemWith(id).join(" ")}`,
  );
}
