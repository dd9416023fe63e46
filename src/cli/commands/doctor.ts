import { Command } from "@cliffy/command";
import { examine } from "../../flows/doctor/examine.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { parseDocumentForm } from "../output/document_format.ts";
import { formatReport } from "../output/doctor_report.ts";
import { PROGRAM_VERSION } from "../program_version.ts";
import { profileName } from "../options/profile_name.ts";
import { readSettings } from "../options/read_settings.ts";

/** The flags of `doctor`, as typed. */
export interface DoctorFlags {
  /** Name of the profile. */
  readonly profile?: string | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
  /** Name of the authority's cloud. */
  readonly cloud?: string | undefined;
  /** Path of a root certificate. */
  readonly caCert?: string | undefined;
  /** Form to print. */
  readonly output?: string | undefined;
}

/** The `doctor` command. */
export function doctorCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description(
      "Look at what a sign-in needs of this machine. The report names no user and holds no secret.",
    )
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("--authority <url:string>", "Base URL of the authority (else the profile's).")
    .option("--cloud <cloud:string>", "The authority by the name of its cloud: public, usgov or china.")
    .option("--ca-cert <file:string>", "Root certificate (PEM) to trust too ($ENTRA_AUTH_CLI_CA_CERT).")
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("See what is wrong", "entra-auth-cli doctor")
    .example("Report it", "entra-auth-cli doctor --output json > report.json")
    .action((flags) => runDoctor(flags, context));
}

/** Examines the machine and prints the report. The exit code is 1 where a check failed. @throws {CliError} `usage` for a wrong flag. */
export async function runDoctor(flags: DoctorFlags, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const form = parseDocumentForm(flags.output);
  const name = profileName(flags.profile, env);
  const probes = await context.openDoctorProbes({
    settings: () => readSettings({ authority: flags.authority, cloud: flags.cloud }, name, context),
    caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
  });
  const findings = await examine(probes, context);
  await terminal.writeData(await formatReport(findings, PROGRAM_VERSION, form));
  if (findings.some(({ level }) => level === "fail")) context.exitCode = 1;
}
