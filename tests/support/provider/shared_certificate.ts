import type { CertificateOptions, ServerCertificate } from "./certificate.ts";

/** A certificate for every process of a test run, as JSON: `scripts/check/test.ts` makes it. */
const SHARED_CERTIFICATE_VARIABLE = "ENTRA_AUTH_CLI_TEST_CERTIFICATE";

/**
 * Returns a server certificate: without options, the one that every provider of a test run shares. What makes certificates
 * takes longer to load than the rest of a provider's start.
 */
export async function sharedCertificate(options: CertificateOptions = {}): Promise<ServerCertificate> {
  const shared = Deno.env.get(SHARED_CERTIFICATE_VARIABLE);
  if (shared !== undefined && Object.keys(options).length === 0) return JSON.parse(shared);
  const { makeServerCertificate } = await import("./certificate.ts");
  return await makeServerCertificate(options);
}
