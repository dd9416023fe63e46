import { CliError } from "../../errors.ts";
import type { Processes, RunResult } from "../../system/processes/processes.ts";
import { KEY_LABEL, KEY_SERVICE, type KeyStore, UnusableKeyError, WITHOUT_KEY_STORE } from "./key_store.ts";
import { keyInItem } from "./item_key_store.ts";

/** The program of macOS that speaks with the Keychain. By its path, so that no other of that name gets the key. */
const PROGRAM = "/usr/bin/security";

/** Longest wait, in milliseconds: any of this may make macOS ask for the keychain's password. */
const TIMEOUT_MS = 60_000;

/** What {@linkcode keychainKeyStore} may be told. */
export interface KeychainOptions {
  /** The path of `security`. */
  readonly program?: string | undefined;
  /** Aborted when the user ends the program: nobody will answer the keychain's question then. */
  readonly interrupted?: AbortSignal | undefined;
}

/**
 * Keeps data keys in the user's default macOS Keychain, each in an item of its own.
 *
 * An item trusts the program that made it, which is `security` and not this one: so an unlocked keychain gives the key
 * without a question, also after an update of this program, and also to any other program of the same user that runs
 * `security`. To trust this program alone (`-T`) would need its signature to stay the same. What this protects from is
 * who gets the files without the keychain's password: from a backup, from a disk, or while the keychain is locked.
 */
export function keychainKeyStore(
  processes: Pick<Processes, "run">,
  { program = PROGRAM, interrupted }: KeychainOptions = {},
): KeyStore {
  async function security(args: readonly string[], input?: string): Promise<Ended> {
    const result = await processes.run(program, args, {
      ...(input === undefined ? {} : { input }),
      timeoutMs: TIMEOUT_MS,
      signal: interrupted,
    });
    if (result.kind === "ended") return result;
    throw notRun(result, program);
  }

  async function readText(id: string): Promise<string | null> {
    const result = await security(["find-generic-password", ...itemWith(id), "-w"]);
    if (result.code === NOT_FOUND) return null;
    if (result.code !== 0) throw refused(result);
    return result.stdout.trim();
  }

  return keyInItem({
    name: "keychain",
    place: `the macOS Keychain (item "${KEY_LABEL}")`,
    read: readText,
    async store(id, text) {
      // Read from standard input: everybody can see a command line. Neither hex nor base64 needs quotes in it.
      const command = `add-generic-password ${itemWith(id).join(" ")} -l "${KEY_LABEL}" -w ${text}\n`;
      const result = await security(["-i"], command);
      const code = codeOfCommand(result);
      if (code !== 0) throw refused({ ...result, code });
    },
    async drop(id) {
      const result = await security(["delete-generic-password", ...itemWith(id)]);
      if (result.code !== 0 && result.code !== NOT_FOUND) throw refused(result);
    },
    damaged: damagedKey,
    notKept,
  });
}

type Ended = Extract<RunResult, { kind: "ended" }>;

function itemWith(id: string): string[] {
  return ["-s", KEY_SERVICE, "-a", id];
}

/** `security` ends with the last byte of macOS's error number: here of -25300, errSecItemNotFound. */
const NOT_FOUND = 44;

const UNLOCK = "security unlock-keychain ~/Library/Keychains/login.keychain-db";

/** What went wrong and what to do, by exit code. */
const REFUSALS: Readonly<Record<number, readonly [message: string, hint: string]>> = {
  // -25308, errSecInteractionNotAllowed
  36: [
    "The macOS Keychain is locked, and can't ask for its password here (over SSH, or before anybody is logged in)",
    `Unlock it and try again: ${UNLOCK}`,
  ],
  // -25307, errSecNoDefaultKeychain
  37: ["There is no default keychain", "Make one in Keychain Access, or log in to macOS once."],
  // -25299, errSecDuplicateItem
  45: ["The macOS Keychain already has a key with this id", "Try again: the next key has another id."],
  // -25293, errSecAuthFailed
  51: [
    "The macOS Keychain was not unlocked: the password was wrong",
    `Try again, or unlock it first: ${UNLOCK}`,
  ],
  // -128, userCanceledErr
  128: ["Access to the macOS Keychain was denied", "Try again, and allow `security` to use the keychain."],
};

function refused(result: Ended): CliError {
  const [message, hint] = REFUSALS[result.code] ??
    [
      `The macOS Keychain can't be used: ${complaint(result)}`,
      "Check in Keychain Access that the keychain works.",
    ];
  return new CliError("store", message, { hint: `${hint}\n${WITHOUT_KEY_STORE}` });
}

/** With -i the program may end well although its command failed, and says then what that returned. */
function codeOfCommand({ code, stderr }: Ended): number {
  return code !== 0 ? code : Number(/returned (-?\d+)/.exec(stderr)?.[1] ?? 0) & 0xff;
}

function notKept(): CliError {
  return new CliError("store", "The macOS Keychain took the key, but does not have it", {
    hint: `Check in Keychain Access that the keychain works.\n${WITHOUT_KEY_STORE}`,
  });
}

/** What `security` said, in one line. It names items, never what is in them. */
function complaint({ code, stderr }: Ended): string {
  const [line = ""] = stderr.replace(/^security: /, "").trim().split("\n");
  return line === "" ? `exit code ${code}` : line.slice(0, 200);
}

function notRun(result: Exclude<RunResult, Ended>, program: string): CliError {
  switch (result.kind) {
    case "timed-out":
      return new CliError(
        "store",
        `The macOS Keychain was not unlocked within ${TIMEOUT_MS / 1000} seconds`,
        {
          hint: "Try again, and answer the window that asks for the keychain's password.",
        },
      );
    case "not-permitted":
      return new CliError("permission", `Running ${program} is not permitted`, {
        hint: `Add the Deno flag ${result.flag}`,
      });
    case "not-found":
    case "refused":
      return new CliError("store", `${program}, which speaks with the macOS Keychain, can't be started`, {
        hint: WITHOUT_KEY_STORE,
      });
  }
}

function damagedKey(id: string): UnusableKeyError {
  return new UnusableKeyError(
    `The item "${KEY_LABEL}" in the macOS Keychain holds no key: 32 bytes in base64 are expected`,
    `Look at it: security find-generic-password ${itemWith(id).join(" ")}\n` +
      "To start anew: `entra-auth-cli clear-cache`, then sign in again.",
  );
}
