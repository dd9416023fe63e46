import { CliError } from "../../errors.ts";
import { type InspectedSource, type InspectedToken, inspectToken } from "../../flows/tokens/inspect_token.ts";
import { resolveAuthority } from "../../profiles/settings.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import { Secret } from "../../text/secret.ts";
import { readUserFile } from "../user_files.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { noSuchProfileHint, profileName } from "../options/chosen_profile.ts";
import { commandLine, INSPECT_OPTIONS, type InspectFlags } from "../options/command_options.ts";
import { type DocumentFormat, formatDocument, parseDocumentFormat } from "../output/document_format.ts";
import { formatTokenReport, tokenDocument } from "../output/token_report.ts";

/** Tokens are shorter. */
const MAX_BYTES = 1024 * 1024;

export function inspectCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Show the user, scopes and expiry of a token, but never the token itself.\n" +
        "Without a token, show the newest in the cache. Other users of this machine can read arguments: " +
        "pass a token through - instead.",
    )
    .usage("[options] [token|-]")
    .arguments("[token:string]");
  return addOptions(command, INSPECT_OPTIONS)
    .example("Show when a token expires", "entra-auth-cli inspect --profile myapp")
    .example("Inspect any token", 'printf %s "$TOKEN" | entra-auth-cli inspect -')
    .example("In a script", "if entra-auth-cli inspect >/dev/null; then echo valid; fi")
    .action((flags: InspectFlags, token?: string) => runInspect(flags, token, context));
}

/**
 * Prints the contents of a token.
 *
 * @param typed The token, `-`, or undefined for the one in the cache.
 * @throws {CliError} `usage` for text that is not a token; `no_token` if none is cached or it is not valid now, and
 *   `unverified` if its signature is invalid or cannot be verified, both after showing it.
 */
export async function runInspect(
  flags: InspectFlags,
  typed: string | undefined,
  context: CommandContext,
): Promise<void> {
  const format = parseDocumentFormat(flags.output);
  const name = await profileName(flags.profile, context);
  const source = await chooseSource(flags, typed, name, context);
  const inspected = await inspectToken(source, await chooseVerification(flags, name, context), context);
  if (inspected === null) throw noToken(flags, name, await context.profiles.find(name) !== null, context);
  await reportToken(inspected, name, format, context);
}

/** Prints a token's contents. @throws {CliError} `no_token` or `unverified`, after printing. */
export async function reportToken(
  inspected: InspectedToken,
  profile: string,
  format: DocumentFormat,
  { terminal, clock }: Pick<CommandContext, "terminal" | "clock">,
): Promise<void> {
  await terminal.writeData(await formatInspected(inspected, format, clock.now()));
  validate(inspected, profile);
}

async function chooseSource(
  flags: InspectFlags,
  typed: string | undefined,
  profile: string,
  context: CommandContext,
): Promise<InspectedSource> {
  const { file, scope } = flags;
  if (typed === undefined && file === undefined) {
    return { kind: "cached", profile, scopes: parseScopeFlag(scope) };
  }
  if (typed !== undefined && file !== undefined || scope !== undefined) {
    throw new CliError("usage", "More than one token to inspect", {
      hint:
        `Pass a token, or ${INSPECT_OPTIONS.file.flag}, or the ${INSPECT_OPTIONS.scope.flag} of a cached token.`,
    });
  }
  if (typed !== undefined && typed !== "-") await assertLikeToken(typed, context);
  return { kind: "text", text: new Secret(await readToken(typed, file, context)) };
}

/** Rejects a word, such as the name of a profile: a JWT has two or four dots. */
async function assertLikeToken(typed: string, { profiles }: CommandContext): Promise<void> {
  if (/\..*\./.test(typed)) return;
  const isProfile = await profiles.find(typed) !== null;
  throw new CliError("usage", "Invalid token: expected a JWT, or - to read it from stdin", {
    hint: `${commandLine("inspect", { profile: isProfile ? typed : "NAME" })}\n` +
      `This inspects the cached token of ${isProfile ? "the profile that you named" : "a profile"}.`,
  });
}

async function readToken(
  typed: string | undefined,
  file: string | undefined,
  context: CommandContext,
): Promise<string> {
  if (file !== undefined) return await readUserFile(file, MAX_BYTES, context);
  if (typed !== "-") return typed ?? "";
  if (!context.terminal.stdinIsTerminal) return await context.readInput(MAX_BYTES, context.signal);
  // A line of a terminal is shorter than many tokens, and would show the token.
  const { promptForSecret } = await import("../terminal/prompt.ts");
  return (await promptForSecret(context, "Token"))?.reveal() ?? "";
}

async function chooseVerification(flags: InspectFlags, name: string, { env, profiles }: CommandContext) {
  if (flags.verify !== true) return null;
  const authority = resolveAuthority(flags, env, await profiles.find(name));
  return { authority, caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT") };
}

async function formatInspected(
  inspected: InspectedToken,
  format: DocumentFormat,
  nowMs: number,
): Promise<string> {
  if (format === "text") return formatTokenReport(inspected, nowMs);
  return await formatDocument(tokenDocument(inspected, nowMs), format);
}

function noToken(
  { scope, profile }: InspectFlags,
  name: string,
  hasProfile: boolean,
  context: CommandContext,
): CliError {
  const which = scope === undefined ? "no cached token" : "no cached token for these scopes";
  return new CliError("no_token", `Profile '${name}' has ${which}`, {
    hint: hasProfile
      ? `Sign in: ${commandLine("get-token", { profile: name, scope })}`
      : noSuchProfileHint(name, profile, context),
  });
}

/** Makes the exit code tell a script whether the token is valid. */
function validate({ session, state, signature, expiresAt }: InspectedToken, name: string): void {
  const which = session === null ? "The token" : `The token of profile '${name}'`;
  if (signature !== null && signature.kind !== "valid") {
    const { authority, verify } = INSPECT_OPTIONS;
    const found = signature.kind === "wrong" ? "has an invalid signature" : "cannot be verified";
    throw new CliError("unverified", `${which} ${found}: ${signature.reason}`, {
      hint: signature.kind === "wrong"
        ? `Do not trust its contents. If another authority issued it, pass that with ${authority.flag}.`
        : `Without ${verify.flag} its contents are shown unverified.`,
    });
  }
  if (state === "valid") return;
  const ended = expiresAt === null ? "has no expiry time" : "has expired";
  throw new CliError("no_token", `${which} ${state === "expired" ? ended : "is not valid yet"}`, {
    hint: state === "not-yet-valid"
      ? "Check this machine's clock."
      : `Get a new one: ${
        session === null ? commandLine("get-token") : commandLine("refresh", { profile: name })
      }`,
  });
}
