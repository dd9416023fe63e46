import type { TokenResult } from "../../flows/get_token/token_request.ts";
import { isLikeScope, type SignInSettings } from "../../profiles/settings.ts";
import { plainText } from "../../text/plain_text.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { CommandContext } from "../context.ts";
import { localTime } from "../output/time.ts";
import { acquireToken } from "../acquire_token.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { flagWords } from "../options/option_table.ts";
import { profileName } from "../options/chosen_profile.ts";
import { progressPrinter } from "../terminal/progress_lines.ts";
import { GET_TOKEN_OPTIONS, type GetTokenFlags, signInFlags } from "../options/token_options.ts";
import { checkUserFile, writeUserFile } from "../user_files.ts";
import { kubernetesError, parseExecInfo } from "../output/exec_credential.ts";
import { formatToken, type OutputFormat, parseOutputFormat, TOKEN_FILE } from "../output/token_output.ts";

export function getTokenCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description("Get an access token: from the cache, by a silent refresh, or by signing in.");
  return addOptions(command, GET_TOKEN_OPTIONS)
    .example("Sign in", "entra-auth-cli get-token --flow interactive")
    .example(
      "Use the token",
      'curl -H "$(entra-auth-cli get-token -o header)" https://graph.microsoft.com/v1.0/me',
    )
    .example("Request other scopes", 'entra-auth-cli get-token --scope "User.Read Mail.Read"')
    .example("In a script", "entra-auth-cli get-token --output json | jq -r .access_token")
    .example("Without a browser", "entra-auth-cli get-token --flow device-code")
    .action((flags: GetTokenFlags) => runGetToken(flags, context));
}

/** Acquires the token and prints it. @throws {CliError} What {@linkcode acquireToken} throws, or `usage`. */
export async function runGetToken(flags: GetTokenFlags, context: CommandContext): Promise<void> {
  const format = parseOutputFormat(flags.output ?? "text");
  if (format === "exec-credential") return await runForKubernetes(flags, context);
  await acquireAndDeliver(flags, format, context);
}

async function acquireAndDeliver(
  flags: GetTokenFlags,
  format: OutputFormat,
  context: CommandContext,
  apiVersion?: string,
): Promise<void> {
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  await checkUserFile(flags.file, { what: "a token", pattern: TOKEN_FILE, force: flags.force }, context);
  const { result, settings } = await acquireToken(
    flags,
    context,
    progressPrinter(context.terminal, isQuiet, flags.verbose),
    (name) => offerMissingProfile(name, flags, format, context),
  );
  if (!isQuiet) reportOutcome(result, settings.profile, flags, context);
  await deliver(result, format, flags.file, { ...settings, apiVersion, isQuiet }, context);
}

/** Offers to create the profile if a user, and not another program, reads the output of this command. */
async function offerMissingProfile(
  name: string,
  { interactive = true, tenantId, tenant, clientId, flow, authority, cloud, scope }: GetTokenFlags,
  format: OutputFormat,
  context: CommandContext,
): Promise<boolean> {
  const { stdinIsTerminal, stderrIsTerminal } = context.terminal;
  if (!interactive || format === "exec-credential" || !stdinIsTerminal || !stderrIsTerminal) return false;
  if (scope !== undefined && isLikeScope(name)) return false;
  const { offerProfile } = await import("./create_profile.ts");
  return await offerProfile({ name, tenantId, tenant, clientId, flow, authority, cloud }, context);
}

/** A Kubernetes client requests a version of the credential, and tells whether the user can be prompted. */
async function runForKubernetes(flags: GetTokenFlags, context: CommandContext): Promise<void> {
  const { apiVersion, isInteractive } = parseExecInfo(context.env.get("KUBERNETES_EXEC_INFO"));
  const interactive = isInteractive && (flags.interactive ?? true);
  try {
    await acquireAndDeliver({ ...flags, interactive }, "exec-credential", context, apiVersion);
  } catch (error) {
    throw isInteractive
      ? error
      : await kubernetesError(error, await profileName(flags.profile, context), signInFlags(flags));
  }
}

/** Prints when the token expires, except for a cached one in a pipe. */
function reportOutcome(
  { token, source, isSaved, isFirst }: TokenResult,
  profile: string,
  flags: GetTokenFlags,
  { terminal }: CommandContext,
): void {
  if (source === "cache" && !terminal.stdoutIsTerminal && !flags.verbose) return;
  terminal.writeMessage(`Token expires: ${localTime(token.expiresAt)}`);
  if (source !== "cache" && source !== "refresh" && isSaved) {
    terminal.writeMessage(`Token saved to profile '${profile}'`);
  }
  if (isFirst && isKept(flags, terminal)) {
    const { scope, tenantId = flags.tenant, clientId, authority, cloud } = flags;
    const same = { profile: flags.profile, scope, tenantId, clientId, authority, cloud };
    const words = [
      "entra-auth-cli",
      "get-token",
      ...flagWords(GET_TOKEN_OPTIONS, { ...same, output: "token" }),
    ];
    terminal.writeMessage(`Print it with: ${words.map(shellWord).join(" ")}`);
  }
}

/** Reports whether the token stays off the terminal, which shows it only if a format was requested. */
function isKept(
  { file, output = "text" }: GetTokenFlags,
  { stdoutIsTerminal }: CommandContext["terminal"],
): boolean {
  return file === undefined && output === "text" && stdoutIsTerminal;
}

/** Prints the token, or writes it to the file. */
async function deliver(
  result: TokenResult,
  format: OutputFormat,
  file: string | undefined,
  settings: SignInSettings & { readonly apiVersion: string | undefined; readonly isQuiet: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal, clock } = context;
  if (file === undefined && format === "text" && terminal.stdoutIsTerminal) return;
  const text = await formatToken(result, format, { ...settings, nowMs: clock.now() });
  if (file === undefined) await terminal.writeData(text);
  else if (await writeUserFile(file, text, context) && !settings.isQuiet) {
    terminal.writeMessage(`✓ Token written to ${plainText(file)}`);
  }
}
