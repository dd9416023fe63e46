import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import type { AnyCommand } from "../any_command.ts";
import { askSecret } from "../terminal/prompt.ts";
import { readUserFile } from "../user_files.ts";
import type { CommandContext } from "../context.ts";

/** The flags that say where a passphrase comes from. No flag takes it, for others can read arguments. */
export interface PassphraseFlags {
  /** Whether it comes from standard input. */
  readonly passphraseStdin?: boolean | undefined;
  /** Path of a file with it. */
  readonly passphraseFile?: string | undefined;
}

/** More than any passphrase has. */
const MAX_BYTES = 4096;
const SHORTEST = 8;

/** Gives `command` these flags. */
export function withPassphraseFlags(command: AnyCommand): AnyCommand {
  return command
    .option("--passphrase-stdin", "Take the passphrase from the first line of stdin.")
    .option("--passphrase-file <path:string>", "Take the passphrase from the first line of a file.");
}

/**
 * The passphrase that opens a file.
 *
 * @throws {CliError} `usage` where there is none, `person_needed` where nobody can be asked, `interrupted`.
 */
export async function readPassphrase(flags: PassphraseFlags, context: CommandContext): Promise<Secret> {
  const given = await givenPassphrase(flags, context);
  if (given !== null) return given;
  return await askSecret(context, "Passphrase") ?? missing();
}

/**
 * A passphrase to seal a file with. A person types it twice, and it has eight characters at least.
 *
 * @throws {CliError} `usage` for one that is too short or was not typed the same twice, `person_needed`, `interrupted`.
 */
export async function choosePassphrase(flags: PassphraseFlags, context: CommandContext): Promise<Secret> {
  const given = await givenPassphrase(flags, context);
  const chosen = given ?? await askSecret(context, "Passphrase") ?? missing();
  if (chosen.reveal().length < SHORTEST) {
    throw new CliError("usage", `A passphrase has ${SHORTEST} characters at least`, {
      hint: "Several words are easy to remember and hard to guess.",
    });
  }
  if (given !== null) return given;
  const again = await askSecret(context, "The same again");
  if (again?.reveal() === chosen.reveal()) return chosen;
  throw new CliError("usage", "The two passphrases are not the same", { hint: "Try again." });
}

/** The passphrase that the flags lead to; null where a person is to be asked. */
async function givenPassphrase(flags: PassphraseFlags, context: CommandContext): Promise<Secret | null> {
  const { passphraseStdin, passphraseFile } = flags;
  if (passphraseStdin === true && passphraseFile !== undefined) {
    throw new CliError("usage", "--passphrase-stdin and --passphrase-file can't be used together", {
      hint: "Leave one of them out.",
    });
  }
  if (passphraseFile !== undefined) return firstLine(await readUserFile(passphraseFile, MAX_BYTES, context));
  if (passphraseStdin === true) return firstLine(await context.readInput(MAX_BYTES, context.signal));
  if (context.terminal.stdinIsTerminal) return null;
  throw new CliError("person_needed", "A passphrase is needed, and there is no terminal to ask on", {
    hint: "Hand it over with --passphrase-stdin or --passphrase-file FILE.",
  });
}

function firstLine(text: string): Secret {
  const line = text.split(/\r?\n/)[0] ?? "";
  return line === "" ? missing() : new Secret(line);
}

function missing(): never {
  throw new CliError("usage", "The passphrase is empty", {
    hint: "Give one with --passphrase-stdin or on a terminal.",
  });
}
