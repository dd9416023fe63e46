import { FLOWS } from "../../profiles/profile.ts";
import type { AnyCommand } from "../any_command.ts";
import { PROMPTS } from "./token_flags.ts";

/** Gives a command the flags that say which token, and how to come by it: `acquireToken()` reads them. */
export function tokenOptions(command: AnyCommand): AnyCommand {
  return command
    .option("-f, --flow <flow:string>", `How to sign in: ${FLOWS.join(", ")}.`)
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("-s, --scope <scopes:string>", "Scopes, in one string or several flags (else the profile's).", {
      collect: true,
    })
    .option("--port <port:string>", "Port for the callback (default: a random free one).")
    .option("--port-range <range:string>", "Ports to choose from for the callback, as 8000-8100.")
    .option("--show-url", "Show the URL to open instead of opening a browser.")
    .option("--force", "Sign in again, whatever is cached.")
    .option("--no-cache", "Neither use nor keep cached tokens.")
    .option("--timeout <duration:string>", "How long to wait for the sign-in, as 90s or 2m (default 5m).")
    .option("--tenant-id <tenant:string>", "Tenant ($AZURE_TENANT_ID, else the profile's).")
    .option("--tenant <tenant:string>", "The same as --tenant-id.", { hidden: true })
    .option("--client-id <id:string>", "Application ID ($AZURE_CLIENT_ID, else the profile's).")
    .option(
      "--authority <url:string>",
      "Authority's base URL ($AZURE_AUTHORITY_HOST, else the profile's).",
    )
    .option("--cloud <cloud:string>", "The authority by the name of its cloud: public, usgov or china.")
    .option("--login-hint <user:string>", "User name to fill in.")
    .option("--domain-hint <domain:string>", "Domain of the account, to skip the question for it.")
    .option(
      "--claims <claims:string>",
      "Claims an API demands: JSON, base64, or a WWW-Authenticate header.",
    )
    .option("--prompt <prompt:string>", `What to ask in the browser: ${PROMPTS.join(", ")}.`)
    .option("--expect-user <user:string>", "Fail unless it is this user: a user name or an object ID.")
    .option("--expect-tenant <id:string>", "Fail unless the token is of this tenant: an ID.")
    .option("--certificate <file:string>", "Certificate and key of the application, PEM or PFX.")
    .option("--send-certificate-chain", "Send the certificate along, for trust by its subject and issuer.")
    .option("--assertion-file <file:string>", "File with a federated token for the application.")
    .option("--assertion-env <name:string>", "Variable with a federated token for the application.")
    .option("--identity-resource-id <id:string>", "Managed identity to use, by its resource ID.")
    .option("--identity-object-id <id:string>", "Managed identity to use, by its object ID.")
    .option("--ca-cert <file:string>", "Root certificate (PEM) to trust too ($ENTRA_AUTH_CLI_CA_CERT).")
    .option("--qr", "Draw the address for a device code as a QR code too.")
    .option("--no-interactive", "Fail rather than wait for a person.")
    .option("-q, --quiet", "No status lines.")
    .option("--silent", "The same as --quiet.", { hidden: true });
}
