import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import {
  type ErrorSubject,
  type ExplainedError,
  explainError,
  knownNumbers,
} from "../../flows/explain_error.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { documentText, parseDocumentForm } from "../output/document_format.ts";
import { profileName } from "../options/profile_name.ts";
import { readSettings } from "../options/read_settings.ts";

/** Whatever stands around the number in what was pasted doesn't matter. */
const NUMBER = /^(\d{1,9})$|(AADSTS|AADB2C)(\d{1,9})(?!\d)/i;

/** Shown for the ids where no profile gives them. */
const PLACEHOLDERS: Omit<ErrorSubject, "profile"> = { clientId: "CLIENT_ID", tenant: "TENANT" };

/** The flags of `explain`, as typed. */
export interface ExplainFlags {
  /** Name of the profile whose ids the commands are to name. */
  readonly profile?: string | undefined;
  /** Form to print. */
  readonly output?: string | undefined;
}

/** The `explain` command. */
export function explainCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Say what an error number of Entra's means and what to do about it, offline.")
    .arguments("[numbers...:string]")
    .option("-p, --profile <name:string>", "Profile whose ids the commands name ($ENTRA_AUTH_CLI_PROFILE).")
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("Explain an error", "entra-auth-cli explain AADSTS50011")
    .example("List the known numbers", "entra-auth-cli explain")
    .action((flags, ...numbers) => runExplain(numbers, flags, context));
}

/**
 * Prints what is known of the errors named, or of every known one in short.
 *
 * @throws {CliError} `usage` for what is no number or an unknown one, before anything is printed; `no_profile` for a
 *   profile that was named and isn't there; `permission`.
 */
export async function runExplain(
  named: readonly string[],
  flags: ExplainFlags,
  context: CommandContext,
): Promise<void> {
  const form = parseDocumentForm(flags.output);
  const numbers = named.map(parseNumber);
  const subject = await findSubject(flags.profile, context);
  const wanted = named.length === 0 ? knownNumbers() : [...new Set(numbers)];
  const errors = wanted.map((number) => explainError(number, subject) ?? unknown(number));
  const text = named.length === 0 ? listText(errors) : errors.map(fullText).join("\n");
  await context.terminal.writeData(form === "text" ? text : await documentText(errors, form));
}

function parseNumber(text: string): string {
  const [, bare, prefix = "AADSTS", prefixed] = NUMBER.exec(text) ?? [];
  const digits = bare ?? prefixed;
  if (digits !== undefined) return `${prefix.toUpperCase()}${digits}`;
  throw new CliError("usage", `Not an error number of Entra's: ${JSON.stringify(text.slice(0, 100))}`, {
    hint: "Write it as AADSTS50011, 50011 or AADB2C90118, or paste the whole message in quotes.",
  });
}

/** The profile's ids where there is a profile; the table serves without one, too. */
async function findSubject(profile: string | undefined, context: CommandContext): Promise<ErrorSubject> {
  const name = profileName(profile, context.env);
  try {
    const { clientId, tenant } = await readSettings({}, name, context);
    return { clientId, tenant, profile: name };
  } catch (error) {
    // A permission that is missing is no missing profile.
    const isMissing = error instanceof CliError && error.code !== "permission" && profile === undefined;
    if (!isMissing) throw error;
    return { ...PLACEHOLDERS, profile: name };
  }
}

function unknown(number: string): never {
  throw new CliError("usage", `${number} is not in this program's list`, {
    hint: [
      "Read the words after the number: they come from Entra, and end with a correlation ID and a time.",
      "An administrator finds the sign-in by those: Entra admin center > Monitoring & health > Sign-in logs",
      "The numbers that are in the list: entra-auth-cli explain",
    ].join("\n"),
  });
}

function listText(errors: readonly ExplainedError[]): string {
  return errors.map(({ aadsts, message }) => `${aadsts.padEnd(14)}${message}\n`).join("");
}

function fullText({ aadsts, message, hint }: ExplainedError): string {
  return `${aadsts}: ${message}\n  ${hint.replaceAll("\n", "\n  ")}\n`;
}
