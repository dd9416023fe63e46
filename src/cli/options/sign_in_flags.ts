import type { TokenFlags } from "./token_flags.ts";

/** The flags among those typed that a sign-in for the same token needs again, as words of a command line. */
export function signInFlags(flags: TokenFlags): string[] {
  const values: readonly [string, string | undefined][] = [
    ["--flow", flags.flow],
    ["--scope", flags.scope?.join(" ")],
    ["--tenant-id", flags.tenantId ?? flags.tenant],
    ["--client-id", flags.clientId],
    ["--authority", flags.authority],
    ["--cloud", flags.cloud],
    ["--login-hint", flags.loginHint],
    ["--domain-hint", flags.domainHint],
    ["--prompt", flags.prompt],
    ["--expect-user", flags.expectUser],
    ["--expect-tenant", flags.expectTenant],
    ["--certificate", flags.certificate],
    ["--assertion-file", flags.assertionFile],
    ["--assertion-env", flags.assertionEnv],
    ["--ca-cert", flags.caCert],
    ["--port", flags.port],
    ["--port-range", flags.portRange],
  ];
  return [
    ...values.flatMap(([flag, value]) => value === undefined ? [] : [flag, value]),
    ...(flags.sendCertificateChain ? ["--send-certificate-chain"] : []),
    ...(flags.force ? ["--force"] : []),
    ...(flags.cache === false ? ["--no-cache"] : []),
  ];
}
