import { examine } from "../../flows/doctor/examine.ts";
import type { CommandContext } from "../context.ts";
import { parseDocumentFormat } from "../output/document_format.ts";
import { formatDoctorReport } from "../output/doctor_report.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { profileName, readSettings } from "../options/chosen_profile.ts";
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

/** Examines the machine and prints the report. The exit code is 1 if a check fails. @throws {CliError} `usage` */
export async function runDoctor(flags: DoctorFlags, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const format = parseDocumentFormat(flags.output);
  const name = profileName(flags.profile, env);
  const probes = await context.openDoctorProbes({
    settings: () => readSettings({ authority: flags.authority, cloud: flags.cloud }, name, context),
    caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
  });
  const findings = await examine(probes, context);
  await terminal.writeData(await formatDoctorReport(findings, PROGRAM_VERSION, format));
  if (findings.some(({ level }) => level === "fail")) context.exitCode = 1;
}
