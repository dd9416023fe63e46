import { CliError } from "../errors.ts";
import { needsCredential, type Profile } from "../profiles/profile.ts";
import { Secret } from "../secret.ts";
import { askSecret } from "./ask_secret.ts";
import type { CommandContext } from "./context.ts";

/** More than any secret has. */
const MOST_BYTES = 4096;

/**
 * The client secret to keep for a profile: from standard input where `fromStdin` says so, otherwise asked for on a
 * terminal where the profile's flow needs one. Null for none. No flag takes it, for others can read arguments.
 *
 * @param byEnter What Enter alone means, for the question.
 * @throws {CliError} `usage` where standard input holds no secret, `interrupted` when the person ends it.
 */
export async function takeClientSecret(
  fromStdin: boolean,
  { flow, certificate }: Pick<Profile, "flow" | "certificate">,
  context: Pick<CommandContext, "terminal" | "interrupted" | "readInput">,
  byEnter = "none",
): Promise<Secret | null> {
  const { terminal } = context;
  if (fromStdin) return checkClientSecret(await context.readInput(MOST_BYTES, context.interrupted));
  if (!needsCredential(flow) || certificate !== undefined || !terminal.stdinIsTerminal) return null;
  return await askSecret(context, `Client Secret (Enter: ${byEnter})`);
}

/** Keeps the secret of a profile's application, and says so. @throws {CliError} `store`, `unreadable_store` or `permission` */
export async function keepClientSecret(
  clientSecret: Secret,
  { name, clientId, authority }: Pick<Profile, "name" | "clientId" | "authority">,
  { flows, terminal }: Pick<CommandContext, "flows" | "terminal">,
): Promise<void> {
  await flows.keepSecrets(name, { clientId, authority: authority ?? null, clientSecret });
  terminal.say("✓ Client secret kept, encrypted");
}

/** A file or an `echo` ends with a line end that is no part of the secret. */
function checkClientSecret(text: string): Secret {
  const secret = text.replace(/\r?\n$/, "");
  if (/^[\x20-\x7e]+$/.test(secret)) return new Secret(secret);
  throw new CliError(
    "usage",
    `Standard input ${secret === "" ? "holds no" : "is not one line with a"} client secret`,
    {
      hint: "Hand it over like this: printenv SECRET | entra-auth-cli create-profile … --client-secret-stdin",
    },
  );
}
