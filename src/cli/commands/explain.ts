import { CliError } from "../../errors.ts";
import {
  type ErrorClass,
  type ErrorSubject,
  type ExplainedError,
  explainError,
  findErrorCodes,
  knownNumbers,
} from "../../flows/explain_error.ts";
import { breakLogCommands } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { readSettings } from "../acquire_token.ts";
import { profileName } from "../options/chosen_profile.ts";
import { commandLine, EXPLAIN_OPTIONS, type ExplainFlags } from "../options/command_options.ts";
import { formatDocument, parseDocumentFormat } from "../output/document_format.ts";

/** Matches text that looks like a code, but is not one. */
const LIKE_A_CODE = /^[a-z]*\d{4,}$/i;

const CLASS_TEXTS: Readonly<Record<ErrorClass, string>> = {
  retry: "temporary, try again later",
  sign_in: "a sign-in can fix it",
  administrator: "an administrator of the tenant can fix it",
  application: "the owner of the application can fix it",
  usage: "other options or settings can fix it",
};

/** Placeholders for a profile: a command must not name one that does not exist. */
const PLACEHOLDERS: ErrorSubject = { clientId: "CLIENT_ID", tenant: "TENANT", profile: "NAME" };

export function explainCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description("Explain an Entra error code (AADSTS…, invalid_scope, …) and how to fix it, offline.")
    .arguments("[codes...:string]");
  return addOptions(command, EXPLAIN_OPTIONS)
    .example("Explain an error", "entra-auth-cli explain AADSTS50011")
    .example("Explain the codes of a pasted message", "entra-auth-cli explain 'error code: 50011'")
    .example("List the known codes", "entra-auth-cli explain")
    .action((flags: ExplainFlags, ...codes: string[]) => runExplain(codes, flags, context));
}

/**
 * Prints the explanation of each error code, or one line for every known code. Warns of unknown codes beside known ones.
 *
 * @throws {CliError} `usage` for an invalid code, or if all are unknown, before anything is printed; `no_profile` if the
 *   profile that was named does not exist; `permission`.
 */
export async function runExplain(
  named: readonly string[],
  flags: ExplainFlags,
  context: CommandContext,
): Promise<void> {
  const format = parseDocumentFormat(flags.output);
  const numbers = parseCodes(named);
  const subject = await findSubject(flags.profile, context);
  const wanted = named.length === 0 ? knownNumbers() : numbers;
  const errors = wanted.map((number) => explainError(number, subject)).filter((error) => error !== null);
  const unknown = wanted.filter((number) => explainError(number, subject) === null);
  if (errors.length === 0) throw unknownError(unknown);
  const text = named.length === 0 ? listText(errors) : errors.map(fullText).join("\n");
  await context.terminal.writeData(
    format === "text" ? breakLogCommands(text) : await formatDocument(errors, format),
  );
  if (unknown.length > 0) context.terminal.writeMessage(`warning: ${unknownText(unknown)}`);
}

/** Returns the codes that the arguments name: each names at least one, or they are a message without quotes. */
function parseCodes(named: readonly string[]): string[] {
  const wrong = named.find((text) => findErrorCodes(text).length === 0);
  if (wrong === undefined) return [...new Set(named.flatMap(findErrorCodes))];
  const typo = named.find((text) => findErrorCodes(text).length === 0 && LIKE_A_CODE.test(text));
  const inMessage = typo === undefined ? findErrorCodes(named.join(" ")) : [];
  if (inMessage.length > 0) return inMessage;
  throw new CliError(
    "usage",
    `Invalid error code ${
      JSON.stringify((typo ?? wrong).slice(0, 100))
    }: expected a code such as AADSTS50011`,
    {
      hint: "Type AADSTS50011, 50011, AADB2C90118 or invalid_scope, or paste the whole message in quotes.",
    },
  );
}

/** Returns the IDs of the profile, or placeholders if there is no profile. */
async function findSubject(profile: string | undefined, context: CommandContext): Promise<ErrorSubject> {
  try {
    // Without a home there is no chosen profile either.
    const name = await profileName(profile, context);
    const { clientId, tenant } = await readSettings({}, name, context);
    return { clientId, tenant, profile: name };
  } catch (error) {
    // A missing permission does not mean that the profile is missing.
    const isMissing = error instanceof CliError && error.code !== "permission" && profile === undefined;
    if (!isMissing) throw error;
    return PLACEHOLDERS;
  }
}

function unknownText(numbers: readonly string[]): string {
  return `Unknown error code${numbers.length === 1 ? "" : "s"}: ${numbers.join(", ")}`;
}

function unknownError(numbers: readonly string[]): CliError {
  return new CliError("usage", unknownText(numbers), {
    hint: [
      `List the known codes: ${commandLine("explain")}`,
      "Read the text after the code: it is from Entra, and ends with a correlation ID and a time.",
      "An administrator can find the sign-in by these: Entra admin center > Monitoring & health > Sign-in logs",
    ].join("\n"),
  });
}

function listText(errors: readonly ExplainedError[]): string {
  return errors.map(({ aadsts, message }) => `${(aadsts ?? "").padEnd(14)}${message}\n`).join("");
}

function fullText({ aadsts, error, class: name, message, cause, hint }: ExplainedError): string {
  const lines = [...hint.split("\n"), `Class: ${name} (${CLASS_TEXTS[name]})`];
  if (cause !== null) lines.unshift(cause);
  return `${aadsts ?? error}: ${message}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
