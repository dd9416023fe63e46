import type { Finding } from "../../flows/doctor/finding.ts";
import { plainText } from "../../text/plain_text.ts";
import { type DocumentFormat, formatDocument } from "./document_format.ts";

/** The settings that an app registration needs, on every machine. */
const APP_REGISTRATION = {
  application_type: "Public client",
  redirect_uri: "http://localhost (any port)",
  platform: "Mobile and desktop applications",
  permissions: "Delegated permissions only",
};

/** Formats the findings, with a final newline. @param program Name and version. */
export async function formatDoctorReport(
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
  return [program, ...lines, ...settings].map((line) => `${clean(line)}\n`).join("");
}

/** Keeps the indentation, which is the report's own. */
function clean(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  return indent + plainText(line, 2000);
}
