import { Secret } from "../text/secret.ts";
import type { CredentialDependencies, CredentialPlaces, FoundCredential } from "./find_credential.ts";

/**
 * Opens the certificate in the file `path`, with the password of the environment, of the profile or of the person, in
 * this order.
 *
 * @param from What named the file, for messages.
 * @throws {CliError} `usage` when it can't be used, `permission` when Deno may not read it.
 */
export async function openCertificate(
  path: string,
  from: string,
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential> {
  const { env, clock, readFile } = dependencies;
  const content = await readFile(path, "certificate", from);
  // It brings the library that takes certificates apart.
  const { readCertificate } = await import("./certificate/read_certificate.ts");
  const certificate = await readCertificate(content, {
    path,
    sendChain: places.flags.sendCertificateChain ?? isTrue(env.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")),
    nowMs: clock.now(),
    async password() {
      const named = env.get("AZURE_CLIENT_CERTIFICATE_PASSWORD");
      if (named !== undefined) return new Secret(named);
      const stored = await places.stored();
      return stored?.certificatePassword ?? await places.ask(`Password of ${path}`);
    },
  });
  return { credential: { kind: "certificate", certificate }, from: `${from} (${path})` };
}

function isTrue(text: string | undefined): boolean {
  return text === "1" || text?.toLowerCase() === "true";
}
