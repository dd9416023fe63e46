import { CliError } from "../../errors.ts";
import type { Environment } from "../../system/environment.ts";
import type { Processes, RunResult } from "../../system/processes/processes.ts";
import { WITHOUT_KEY_STORE } from "./key_store.ts";

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
