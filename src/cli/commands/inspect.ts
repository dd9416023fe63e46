import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { type InspectedSource, type InspectedToken, inspectToken } from "../../flows/tokens/inspect_token.ts";
import { resolveAuthority } from "../../profiles/settings.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import { Secret } from "../../text/secret.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { AnyCommand } from "../any_command.ts";
import { readUserFile } from "../user_files.ts";
import type { CommandContext } from "../context.ts";
import { type DocumentForm, documentText, parseDocumentForm } from "../output/document_format.ts";
import { NO_SUCH_PROFILE, profileName } from "../options/profile_name.ts";
import { formatTokenReport, tokenDocument } from "../output/token_report.ts";

/** The flags of `inspect`, as typed. */
export interface InspectFlags {
  /** Name of the profile. */
  readonly profile?: string | undefined;
  /** Scopes that the cached token has to cover. */
  readonly scope?: readonly string[] | undefined;
  /** Path of a file with the token. */
  readonly file?: string | undefined;
  /** Check the signature. */
  readonly verify?: boolean | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
  /** The authority by the name of its cloud. */
  readonly cloud?: string | undefined;
  /** Path of a root certificate. */
  readonly caCert?: string | undefined;
  /** Form to print. */
  readonly output?: string | undefined;
}

/** More than any token has. */
const MAX_BYTES = 1024 * 1024;

/** The `inspect` command. */
export function inspectCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description(
      "Show whose a token is, for what, and until when; never the token itself.\n" +
        "Without a token: the newest in the cache. Other users of the machine can see a token that is an\n" +
        "argument: use - instead.",
    )
    .usage("[OPTION...] [TOKEN|-]")
    .arguments("[token:string]")
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("-s, --scope <scopes:string>", "The cached token for these scopes, not the newest.", {
      collect: true,
    })
    .option("--file <path:string>", "Read the token from a file. - reads it from standard input.")
    .option("--verify", "Check the signature with the tenant's keys.")
    .option("--authority <url:string>", "Base URL of the authority that the keys are from.")
    .option("--cloud <cloud:string>", "The authority by the name of its cloud: public, usgov or china.")
    .option("--ca-cert <file:string>", "Root certificate (PEM) to trust too ($ENTRA_AUTH_CLI_CA_CERT).")
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("See until when a token lasts", "entra-auth-cli inspect --profile myapp")
    .example("Any token", 'printf %s "$TOKEN" | entra-auth-cli inspect -')
    .example("In a script", "if entra-auth-cli inspect >/dev/null; then echo valid; fi")
    .action((flags, token) => runInspect(flags, token, context));
}

/**
 * Prints what is known of a token.
 *
 * @param typed The token, `-`, or undefined for the one in the cache.
 * @throws {CliError} `usage` for what is no token; `no_token` when none is cached or it can't be used now, and
 *   `unverified` when its signature is wrong or can't be checked, both after showing it.
 */
export async function runInspect(
  flags: InspectFlags,
  typed: string | undefined,
  context: CommandContext,
): Promise<void> {
  const form = parseDocumentForm(flags.output);
  const name = profileName(flags.profile, context.env);
  const source = await chooseSource(flags, typed, name, context);
  const inspected = await inspectToken(source, await chooseVerification(flags, name, context), context);
  if (inspected === null) throw noToken(flags, name, await context.profiles.find(name) !== null);
  await reportToken(inspected, name, form, context);
}

/** Prints what is known of a token. @throws {CliError} `no_token` or `unverified`, after printing. */
export async function reportToken(
  inspected: InspectedToken,
  profile: string,
  form: DocumentForm,
  { terminal, clock }: Pick<CommandContext, "terminal" | "clock">,
): Promise<void> {
  await terminal.writeData(await format(inspected, form, clock.now()));
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
    return { kind: "kept", profile, scopes: parseScopeFlag(scope) };
  }
  if (typed !== undefined && file !== undefined || scope !== undefined) {
    throw new CliError("usage", "More than one token is named", {
      hint: "Give a token, or --file, or the --scope of a cached token.",
    });
  }
  return { kind: "text", text: new Secret(await readToken(typed, file, context)) };
}

async function readToken(
  typed: string | undefined,
  file: string | undefined,
  context: CommandContext,
): Promise<string> {
  if (file !== undefined) return await readUserFile(file, MAX_BYTES, context);
  return typed === "-" ? await context.readInput(MAX_BYTES, context.signal) : typed ?? "";
}

async function chooseVerification(flags: InspectFlags, name: string, { env, profiles }: CommandContext) {
  if (flags.verify !== true) return null;
  const authority = resolveAuthority(flags, env, await profiles.find(name));
  return { authority, caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT") };
}

async function format(inspected: InspectedToken, form: DocumentForm, nowMs: number): Promise<string> {
  if (form === "text") return formatTokenReport(inspected, nowMs);
  return await documentText(tokenDocument(inspected, nowMs), form);
}

function noToken({ scope }: InspectFlags, name: string, hasProfile: boolean): CliError {
  const which = scope === undefined ? "no cached token" : "no cached token for these scopes";
  const scopes = scope === undefined ? "" : ` --scope ${shellWord(scope.join(" "))}`;
  return new CliError("no_token", `Profile '${name}' has ${which}`, {
    hint: `Sign in: entra-auth-cli get-token --profile ${shellWord(name)}${scopes}` +
      (hasProfile ? "" : `\n${NO_SUCH_PROFILE}`),
  });
}

/** So that a script learns from the exit code whether the token is any good. */
function validate({ session, state, signature, expiresAt }: InspectedToken, name: string): void {
  const which = session === null ? "The token" : `The token of profile '${name}'`;
  if (signature !== null && signature.kind !== "valid") {
    const found = signature.kind === "wrong" ? "is not genuine" : "can't be verified";
    throw new CliError("unverified", `${which} ${found}: ${signature.reason}`, {
      hint: signature.kind === "wrong"
        ? "Don't rely on what it says. If another authority issued it, name that with --authority."
        : "Leave --verify out to see what it says.",
    });
  }
  if (state === "valid") return;
  const ended = expiresAt === null ? "doesn't say when it ends" : "has expired";
  throw new CliError("no_token", `${which} ${state === "expired" ? ended : "is not valid yet"}`, {
    hint: state === "not-yet-valid"
      ? "Check this machine's clock."
      : `Get a new one: entra-auth-cli ${
        session === null ? "get-token" : `refresh --profile ${shellWord(name)}`
      }`,
  });
}
