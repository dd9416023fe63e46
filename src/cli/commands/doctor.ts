import { CliError } from "../../errors.ts";
import type { Finding } from "../../flows/doctor/finding.ts";
import { breakLogCommands, plainText } from "../../text/plain_text.ts";
import { type DocumentFormat, formatDocument, parseDocumentFormat } from "../output/document_format.ts";
import { examine } from "../../flows/doctor/examine.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { readSettings } from "../acquire_token.ts";
import { DEFAULT_PROFILE } from "../../profiles/profile.ts";
import { PROFILE_VARIABLE, profileName } from "../options/chosen_profile.ts";
import { DOCTOR_OPTIONS, type DoctorFlags } from "../options/command_options.ts";
import { PROGRAM_VERSION } from "../program_version.ts";

export function doctorCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description(
    "Check what a sign-in needs on this machine. The report has no user name and no secret.",
  );
  return addOptions(command, DOCTOR_OPTIONS)
    .example("Find the problem", "entra-auth-cli doctor")
    .example("Save a report", "entra-auth-cli doctor --output json > report.json")
    .action((flags: DoctorFlags) => runDoctor(flags, context));
}

/** A profile file that cannot be read is one of the findings. */
function unlessReported(error: unknown): string {
  if (error instanceof CliError && error.code !== "usage") return DEFAULT_PROFILE;
  throw error;
}

/** Examines the machine and prints the report. The exit code is 1 if a check fails. @throws {CliError} `usage` */
async function runDoctor(flags: DoctorFlags, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const format = parseDocumentFormat(flags.output);
  const typed = flags.profile ?? env.get(PROFILE_VARIABLE);
  const name = await profileName(typed, context).catch(unlessReported);
  const probes = await context.openDoctorProbes({
    settings: () => readSettings({ authority: flags.authority, cloud: flags.cloud }, name, context),
    caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
  });
  const findings = await examine(probes, context);
  await terminal.writeData(await formatDoctorReport(findings, PROGRAM_VERSION, format));
  if (findings.some(({ level }) => level === "fail")) context.exitCode = 1;
}

/** The settings that an app registration needs, on every machine. */
const APP_REGISTRATION = {
  application_type: "Public client",
  redirect_uri: "http://localhost (any port)",
  platform: "Mobile and desktop applications",
  permissions: "Delegated permissions only",
};

/** Formats the findings, with a final newline. @param program Name and version. */
async function formatDoctorReport(
  findings: readonly Finding[],
  program: string,
  form: DocumentFormat,
): Promise<string> {
  if (form === "text") return reportText(findings, program);
  const document = {
    program,
    ok: findings.every(({ level }) => level !== "fail"),
    checks: findings.map(({ check, level, message, remedy }) => ({ check, level, message, remedy })),
    app_registration: APP_REGISTRATION,
  };
  return await formatDocument(document, form);
}

function reportText(findings: readonly Finding[], program: string): string {
  const widest = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, message, remedy }) => [
    `${level.padEnd(4)}  ${check.padEnd(widest)}  ${message}`,
    ...(remedy ?? "").split("\n").filter((line) => line !== "").map((line) => `      -> ${line}`),
  ]);
  const settings = [
    "The app registration needs:",
    `      Application type: ${APP_REGISTRATION.application_type}`,
    `      Redirect URI: ${APP_REGISTRATION.redirect_uri}`,
    `      Platform: ${APP_REGISTRATION.platform}`,
    `      Permissions: ${APP_REGISTRATION.permissions}`,
  ];
  return breakLogCommands([program, ...lines, ...settings].map((line) => `${clean(line)}\n`).join(""));
}

/** Keeps the indentation, which is the report's own. */
function clean(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  return indent + plainText(line, 2000);
}
