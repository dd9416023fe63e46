import { CliError } from "../../errors.ts";
import type { Environment } from "../../system/environment.ts";
import type { Processes } from "../../system/processes/processes.ts";
import { KEY_LABEL, KEY_SERVICE, type KeyStore, UnusableKeyError, WITHOUT_KEY_STORE } from "./key_store.ts";
import { keyInItem } from "./key_in_item.ts";
import {
  canShowPrompt,
  lockedKeyring,
  openSecretTool,
  type SecretTool,
  type SecretToolOptions,
} from "./secret_tool.ts";

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
